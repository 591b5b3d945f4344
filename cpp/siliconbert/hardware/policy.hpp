// The exit thresholds and voltages that take the least energy over a trace, within an accuracy and a
// deadline.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "siliconbert/hardware/sentences.hpp"

namespace siliconbert {

// A sentence after its prediction: J for having gone on, J for each layer it runs from there.
struct Line {
    double sentence = 0;
    double layer = 0;
    OperatingPoint point;
};

// What sentences cost; index 0 of each list is not used.
struct PlanTable {
    OperatingPoint start;                  // of the layers up to `first`
    std::vector<double> leave;             // J of a sentence that leaves after layer 1, 2, ..
    std::vector<std::vector<Line>> lines;  // by predicted layer: points to choose from; none: `leave` is all
    std::vector<std::uint8_t> late;        // by layer: whether such a sentence may miss the target
};

// start, and then every level at its highest frequency at which the predicted layer ends by the target:
// slower at the same voltage only leaks longer. `paper`: EdgeBERT's choice alone (choose_point). idle:
// leakage at the lowest level counts from a sentence's end to the target. Where no level suffices: nominal,
// late.
PlanTable plan_table(const Supply& supply, const LatencyPlan& plan, const OperatingPoint& start, bool paper,
                     bool idle);

// Each sentence at the least of the tables, with its exit known before it starts: none costs more there.
PlanTable foreseen(std::span<const PlanTable> tables);

// Sentences x layers, row-major, and what is predicted of them. Predictions change with their threshold at
// the ascending `cuts` alone: in interval k, thresholds in (cuts[k - 1], cuts[k]], a sentence of row r is
// predicted to leave after layer predicted[k * rows + r]. Sentences check their entropy up to last_ramp.
struct ExitTrace {
    std::span<const float> entropy;
    std::span<const std::uint8_t> correct;
    std::span<const std::int32_t> row;
    std::span<const double> cuts;
    std::span<const std::uint8_t> predicted;
    int layers = 0;
    int first = 1;
    int last_ramp = 0;
};

struct Limits {
    double least_right = 0;  // sentences
    double most_late = 0;
};

// The exit threshold may be anything in (low, high], the threshold of predictions in its interval.
struct BestExits {
    double energy = 0;  // J of all sentences; infinite where nothing is within the limits
    double low = 0;
    double high = 0;
    std::size_t interval = 0;
    double right = 0;
    double late = 0;
    std::vector<std::size_t> choice{};  // of the table's lines, by predicted layer
};

// Exact: every pair of intervals between distinct thresholds is tried; `tied`: pairs that one threshold for
// both lies in.
BestExits best_exits(const ExitTrace& trace, const PlanTable& table, const Limits& limits, bool tied,
                     int threads);

}  // namespace siliconbert
