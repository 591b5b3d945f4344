// Mean cost of many sentences from a histogram of their exits: what a design-space exploration evaluates.
//
// Under one accelerator, one plan and one target the energy of a sentence is linear in the layers it runs,
// with constants that depend on its predicted layer alone. So a histogram of (exit, predicted) enters by two
// numbers a predicted layer, sentences and layers run, and its cost is a sum over these bins: exactly the
// mean of planned_cost over the histogram's sentences, up to rounding.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "siliconbert/hardware/sentences.hpp"

namespace siliconbert {

// Bins of this many layers are summed at a time; histograms are filled up to a multiple with zeros.
inline constexpr std::size_t kBins = 12;

// `count` histograms, in blocks, each bin of a block side by side. Bin b - 1 holds sentences that leave after
// layer b <= first, or that go on and are predicted to leave after layer b.
struct Histograms {
    // A block's bins stay in the nearest cache while all rows of costs are summed over it.
    static constexpr std::size_t kBlock = 128;

    std::size_t count = 0;
    std::size_t layers = 0;
    std::size_t first = 1;
    std::size_t bins = 0;              // layers, filled up
    std::vector<double> sentences{};   // blocks x bins x kBlock: share of the sentences
    std::vector<double> run{};         // the same: layers run, after `first` where the sentence goes on
    std::vector<double> planned{};     // count: share that goes on after `first`
    std::vector<double> late{};        // (layers + 1) x count: share of the sentences in bins > row
    std::vector<double> late_exits{};  // the same, of sentences that really leave after layers > row

    std::size_t place(std::size_t bin, std::size_t histogram) const {
        return (histogram / kBlock * bins + bin) * kBlock + histogram % kBlock;
    }
};

// joint: count x layers x layers, row-major: how many sentences leave after layer row + 1 and were predicted
// to after column + 1; scaled to shares. A prediction must not lie before the exit.
Histograms histograms(std::span<const double> joint, std::size_t layers, std::size_t first);

// What a sentence and a layer cost in each bin.
struct BinCosts {
    std::vector<double> sentence;  // J, by bin
    std::vector<double> layer;     // J, by bin
    std::vector<double> seconds;   // of a layer, by bin
    double start = 0;              // seconds of sentences that go on, before the first planned layer
    std::size_t in_time = 0;       // the last bin (1..layers) whose sentences meet the target; 0: none
    bool by_exits = false;         // whether the real exit counts for the target, not the predicted one
};

// The plan of planned_cost.
BinCosts planned_costs(const Supply& supply, const LatencyPlan& plan, std::size_t bins);
// Every layer at one voltage and frequency; plan.plan costs nothing.
BinCosts fixed_costs(const Supply& supply, const LatencyPlan& plan, const OperatingPoint& point,
                     std::size_t bins);

// Mean J, mean seconds and share of late sentences: rows x histograms.
void mean_costs(std::span<const BinCosts> rows, const Histograms& histograms, double* energy, double* latency,
                double* late);

}  // namespace siliconbert
