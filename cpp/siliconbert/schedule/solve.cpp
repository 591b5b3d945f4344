#include "siliconbert/schedule/solve.hpp"

#include <algorithm>
#include <array>

#include "siliconbert/base/check.hpp"

namespace siliconbert {

namespace {

constexpr std::array kGreedy{Greedy::kStop, Greedy::kFreeze, Greedy::kStage, Greedy::kMarginal};

Problem lowest_level(const Problem& problem) {
    Problem found = problem;
    for (Options& options : found.operators) {
        const auto end =
            std::find_if(options.level.begin(), options.level.end(), [](auto l) { return l > 0; });
        const auto count = static_cast<std::size_t>(end - options.level.begin());
        options.time.resize(count);
        options.amount.resize(count * problem.resources);
        options.level.resize(count);
    }
    return found;
}

}  // namespace

Schedule solve(const Problem& problem, Policy policy, Objective objective, const Effort& effort) {
    check_problem(problem);
    require(effort.width > 0 && effort.width <= (1u << 24), "schedule: width must be in 1..16777216, got ",
            effort.width);
    require(effort.tolerance >= 0 && effort.tolerance < 1, "schedule: tolerance must be in 0..1, got ",
            effort.tolerance);
    const Plan start = exact(lowest_level(problem), objective, effort).choice;
    std::array<Schedule, kGreedy.size()> climbs;
    const Plan* best = &start;
    for (std::size_t i = 0; i < kGreedy.size() && !start.empty(); ++i) {
        climbs[i] = greedy(problem, kGreedy[i], objective, start);
        if (i == 0 || climbs[i].objective < value(problem, *best, sums(problem, objective))) {
            best = &climbs[i].choice;
        }
    }
    Schedule optimum = exact(problem, objective, effort, *best);
    if (policy == Policy::kExact) return optimum;
    // Without a start there is no plan at all, or none that a greedy policy can reach.
    Schedule found = start.empty() ? Schedule{} : climbs[static_cast<std::size_t>(policy)];
    found.bound = optimum.bound;
    found.prices = optimum.prices;
    return found;
}

}  // namespace siliconbert
