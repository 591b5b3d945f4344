// What a sentence and a layer cost in each bin of a histogram, as a function of the latency target alone.
//
// Every bin runs at the lowest level that its layers need, and its level, as all that is late or in time, can
// only change in one direction while the target grows. So a target's costs carry one whole number, their
// `state`: two targets with the same state have the same levels and the same late sentences, and so has every
// target between them. There, energy and latency are straight lines over the target.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "siliconbert/hardware/sentences.hpp"

namespace siliconbert {

// Where the costs of one target go: rows of so many bins.
struct BinRows {
    std::span<double> sentence;  // J
    std::span<double> layer;     // J
    std::span<double> seconds;   // of a layer
};

struct TargetState {
    long state = 0;
    std::size_t in_time = 0;  // the last bin (1..layers) whose sentences meet the target; 0: none
};

// The plan of planned_cost; plan.target is not read.
class PlannedCosts {
 public:
    PlannedCosts(const Supply& supply, const LatencyPlan& plan, std::size_t bins);

    TargetState at(double target, const BinRows& costs) const;
    // Seconds of sentences that go on, before the first planned layer.
    double start() const { return start_; }

 private:
    struct AtLevel {
        double layer;     // J, of a layer, without leakage
        double watts;     // leakage
        double sentence;  // J, up to the first planned layer, and the rail's transition
    };

    std::size_t first_;
    double layer_cycles_;
    double slowest_;
    double fastest_;
    double start_;
    std::vector<double> frequencies_;    // by level
    std::vector<AtLevel> levels_;        // the same, and one for bins that no level suffices
    std::vector<double> cycles_;         // by bin, after the prediction
    std::vector<double> first_latency_;  // of sentences that leave before the prediction
    double first_joules_;                // of one of their layers
};

}  // namespace siliconbert
