// Mean costs over ascending targets equal the sentences' own, also where they are interpolated.
#include <algorithm>

#include "catch2.hpp"
#include "siliconbert/hardware/explore.hpp"

using namespace siliconbert;

namespace {

constexpr int kLayers = 12;

Supply supply() {
    Supply s;
    s.settle_time = 1e-7;
    s.leakage_power = 8.6e-3;
    s.leakage_rise = 2.1;
    s.clock_power = 2.46e-3;
    s.rail_capacitance = 5e-9;
    s.regulator_input = 0.8;
    s.regulator_efficiency = 0.992;
    for (int i = 0; i < 13; ++i) {
        s.levels.push_back(0.5 + 0.025 * i);
        s.frequencies.push_back(i == 0 ? 0 : 8e7 * i + 4e7);  // the logic does not run at the lowest level
    }
    return s;
}

LatencyPlan plan(int first) { return {{4.5e6, 3.8e-4}, {100, 1e-9}, kLayers, first, 0}; }

// Sentences in every cell that a prediction allows.
std::vector<double> cells(int first) {
    std::vector<double> joint(kLayers * kLayers, 0);
    for (int exit = 1; exit <= kLayers; ++exit) {
        for (int predicted = exit; predicted <= (exit <= first ? exit : kLayers); ++predicted) {
            joint[static_cast<std::size_t>((exit - 1) * kLayers + predicted - 1)] = exit + predicted % 3;
        }
    }
    return joint;
}

struct Expected {
    double energy = 0, seconds = 0, late = 0;
};

// As defined: sentence by sentence.
Expected expected(const Supply& s, LatencyPlan p, double target, const std::vector<double>& joint) {
    p.target = target;
    Expected mean;
    double count = 0;
    for (int exit = 1; exit <= kLayers; ++exit) {
        for (int predicted = exit; predicted <= kLayers; ++predicted) {
            const double share = joint[static_cast<std::size_t>((exit - 1) * kLayers + predicted - 1)];
            const SentenceCost cost = planned_cost(s, p, exit, predicted);
            mean.energy += share * cost.energy.total();
            mean.seconds += share * cost.latency;
            mean.late += cost.feasible ? 0 : share;
            count += share;
        }
    }
    return {mean.energy / count, mean.seconds / count, mean.late / count};
}

}  // namespace

TEST_CASE("explored targets equal the mean of their sentences", "[explore]") {
    const int first = GENERATE(1, 3);
    const std::size_t count = GENERATE(1, 3);
    const Supply s = supply();
    const LatencyPlan p = plan(first);
    std::vector<double> targets;
    for (int i = 0; i < 700; ++i) targets.push_back(0.003 + 3e-4 * i);
    // Layers that end exactly at a level's frequency, and one target twice.
    for (int layers = 1; layers < kLayers; ++layers) {
        targets.push_back(layers * p.layer.cycles / s.frequencies[4] + 5e-3);
    }
    targets.push_back(targets[600]);
    std::sort(targets.begin(), targets.end());
    std::vector<double> joint;
    for (std::size_t h = 0; h < count; ++h) {
        const std::vector<double> one = cells(first);
        joint.insert(joint.end(), one.begin(), one.end());
    }
    const Histograms all = histograms(joint, kLayers, static_cast<std::size_t>(first));
    std::vector<double> energy(targets.size() * count), seconds(energy), late(energy);
    explore_planned(s, p, targets, all, {energy.data(), seconds.data(), late.data()});
    for (std::size_t t = 0; t < targets.size(); ++t) {
        const Expected mean = expected(s, p, targets[t], cells(first));
        for (std::size_t h = 0; h < count; ++h) {
            const std::size_t at = t * count + h;
            REQUIRE(energy[at] == Approx(mean.energy).epsilon(1e-12));
            REQUIRE(seconds[at] == Approx(mean.seconds).epsilon(1e-12));
            REQUIRE(late[at] == Approx(mean.late).margin(1e-12));
        }
    }
}
