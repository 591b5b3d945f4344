#include "siliconbert/hardware/sentences.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "siliconbert/base/check.hpp"

namespace siliconbert {

Work operator*(double count, const Work& work) { return {count * work.cycles, count * work.energy}; }
Work operator+(const Work& a, const Work& b) { return {a.cycles + b.cycles, a.energy + b.energy}; }

double joules(const Supply& supply, const Work& work, const OperatingPoint& point) {
    return spend(supply, work.energy, work.cycles / point.frequency, point).total();
}

namespace {

void check_exits(const LatencyPlan& plan, int exit, int predicted) {
    require(exit >= 1 && exit <= plan.layers, "sentences: layer must be in 1..", plan.layers, ", got ", exit);
    require(predicted >= exit && predicted <= plan.layers, "sentences: predicted must be in layer..",
            plan.layers, ", got ", predicted, " for layer ", exit);
}

}  // namespace

SentenceCost nominal_cost(const Supply& supply, const Work& work) {
    const OperatingPoint point = supply.nominal();
    const double seconds = work.cycles / point.frequency;
    return {point, seconds, spend(supply, work.energy, seconds, point), true};
}

void check_plan(const LatencyPlan& plan) {
    require(plan.target > 0 && std::isfinite(plan.target), "sentences: target_ms must be positive, got ",
            plan.target * 1e3);
    require(plan.first >= 1 && plan.first < plan.layers, "sentences: first must be in 1..", plan.layers - 1,
            ", got ", plan.first);
}

SentenceCost planned_cost(const Supply& supply, const LatencyPlan& plan, int exit, int predicted) {
    check_exits(plan, exit, predicted);
    if (exit <= plan.first) {
        SentenceCost cost = nominal_cost(supply, exit * plan.layer);
        cost.feasible = cost.latency <= plan.target;
        return cost;
    }
    SentenceCost cost = nominal_cost(supply, plan.first * plan.layer + plan.plan);
    cost.energy += spend(supply, 0, supply.settle_time, cost.point);
    cost.latency += supply.settle_time;
    const Choice choice =
        choose_point(supply, (predicted - plan.first) * plan.layer.cycles, plan.target - cost.latency);
    const Work rest = (exit - plan.first) * plan.layer;
    const double seconds = rest.cycles / choice.point.frequency;
    cost.energy += spend(supply, rest.energy, seconds, choice.point);
    cost.energy += charge_rail(supply, choice.point.voltage, supply.nominal_voltage());
    return {choice.point, cost.latency + seconds, cost.energy, choice.feasible};
}

std::vector<Segment> timeline(const Supply& supply, const LatencyPlan& plan, int exit, int predicted) {
    check_exits(plan, exit, predicted);
    std::vector<Segment> segments;
    double now = 0;
    const auto add = [&](std::string what, const Work& work, double seconds, const OperatingPoint& point) {
        segments.push_back(
            {std::move(what), now, seconds, point, spend(supply, work.energy, seconds, point)});
        now += seconds;
    };
    const auto run = [&](std::string what, const Work& work, const OperatingPoint& point) {
        add(std::move(what), work, work.cycles / point.frequency, point);
    };
    const auto layers = [&](int from, int to, const OperatingPoint& point) {
        for (int i = from; i <= to; ++i) run("layer " + std::to_string(i), plan.layer, point);
    };
    const OperatingPoint nominal = supply.nominal();
    layers(1, std::min(exit, plan.first), nominal);
    if (exit > plan.first) {
        run("plan", plan.plan, nominal);
        add("settle", {}, supply.settle_time, nominal);
        const OperatingPoint point =
            choose_point(supply, (predicted - plan.first) * plan.layer.cycles, plan.target - now).point;
        layers(plan.first + 1, exit, point);
        segments.push_back({"raise", now, 0, nominal, charge_rail(supply, point.voltage, nominal.voltage)});
    }
    add("idle", {}, std::max(0.0, plan.target - now), {supply.levels.front(), 0});
    return segments;
}

}  // namespace siliconbert
