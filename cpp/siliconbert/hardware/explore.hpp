// Mean costs of histograms of exits over latency targets: what a design-space exploration evaluates.
#pragma once

#include <span>

#include "siliconbert/hardware/histograms.hpp"
#include "siliconbert/hardware/sentences.hpp"

namespace siliconbert {

// Targets x histograms each: mean J, mean seconds, share of late sentences.
struct Means {
    double* energy;
    double* seconds;
    double* late;
};

// The plan of planned_cost at ascending targets (seconds); plan.target is not read.
void explore_planned(const Supply& supply, const LatencyPlan& plan, std::span<const double> targets,
                     const Histograms& histograms, const Means& means);

// Every layer at one voltage and frequency; plan.plan costs nothing.
void explore_fixed(const Supply& supply, const LatencyPlan& plan, const OperatingPoint& point,
                   std::span<const double> targets, const Histograms& histograms, const Means& means);

}  // namespace siliconbert
