#include "siliconbert/hardware/sentences.hpp"

#include <cmath>

#include "siliconbert/base/check.hpp"

namespace siliconbert {

SentenceCost nominal_cost(const Supply& supply, double cycles) {
    const double voltage = supply.nominal_voltage();
    const double frequency = supply.nominal_frequency;
    const double seconds = cycles / frequency;
    return {voltage, frequency, seconds, spend(supply, cycles, seconds, voltage, frequency), true};
}

void check_plan(const LatencyPlan& plan) {
    require(plan.target > 0 && std::isfinite(plan.target), "sentences: target_ms must be positive, got ",
            plan.target * 1e3);
    require(plan.first >= 1 && plan.first < plan.layers, "sentences: first must be in 1..", plan.layers - 1,
            ", got ", plan.first);
}

SentenceCost planned_cost(const Supply& supply, const LatencyPlan& plan, int exit, int predicted) {
    require(exit >= 1 && exit <= plan.layers, "sentences: layer must be in 1..", plan.layers, ", got ", exit);
    require(predicted >= exit && predicted <= plan.layers, "sentences: predicted must be in layer..",
            plan.layers, ", got ", predicted, " for layer ", exit);
    if (exit <= plan.first) {
        SentenceCost cost = nominal_cost(supply, exit * plan.layer_cycles);
        cost.feasible = cost.latency <= plan.target;
        return cost;
    }
    SentenceCost cost = nominal_cost(supply, plan.first * plan.layer_cycles + plan.plan_cycles);
    cost.energy += spend(supply, 0, supply.settle_time, cost.voltage, cost.frequency);
    cost.latency += supply.settle_time;
    const OperatingPoint point =
        choose_point(supply, (predicted - plan.first) * plan.layer_cycles, plan.target - cost.latency);
    const double cycles = (exit - plan.first) * plan.layer_cycles;
    const double seconds = cycles / point.frequency;
    cost.energy += spend(supply, cycles, seconds, point.voltage, point.frequency);
    return {point.voltage, point.frequency, cost.latency + seconds, cost.energy, point.feasible};
}

}  // namespace siliconbert
