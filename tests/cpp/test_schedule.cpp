#include <limits>

#include "catch2.hpp"
#include "siliconbert/schedule/relaxation.hpp"
#include "siliconbert/schedule/solve.hpp"
#include "siliconbert/schedule/stages.hpp"

using namespace siliconbert;

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

Options doubling(double work, double cost, int count) {
    Options made;
    for (int c = 0; c < count; ++c) {
        made.time.push_back(work / (1 << c));
        made.amount.push_back(cost * (1 << c));
        made.level.push_back(c);
    }
    return made;
}

// Two operators of one resource; the second stage calls the second operator twice.
Problem two(double budget) { return {1, 2, {doubling(8, 1, 4), doubling(4, 2, 4)}, {1, 0, 0, 2}, {budget}}; }

}  // namespace

TEST_CASE("the optimum of two operators", "[schedule]") {
    const Problem problem = two(8);
    const Schedule found = solve(problem, Policy::kExact, Objective::kSum, {});
    // 8 / 4 + 2 * 4 / 2 with 4 + 4 of the resource.
    REQUIRE(found.choice == Plan{2, 1});
    REQUIRE(found.objective == 6);
    REQUIRE(found.bound == 6);
    REQUIRE(solve(problem, Policy::kExact, Objective::kStage, {}).objective == 4);
    REQUIRE(solve(problem, Policy::kExact, Objective::kOperator, {}).objective == 2);
}

TEST_CASE("greedy policies stop, freeze and look at stages", "[schedule]") {
    // 8, 4 -> 4, 4 -> 2, 4 (ties go to the first) -> 2, 2; the next step of the first takes 8 + 4.
    REQUIRE(solve(two(9), Policy::kGreedyStop, Objective::kSum, {}).choice == Plan{2, 1});
    REQUIRE(solve(two(12), Policy::kGreedyStop, Objective::kSum, {}).choice == Plan{3, 1});
    REQUIRE(solve(two(6), Policy::kGreedyStop, Objective::kSum, {}).choice == Plan{2, 0});
    REQUIRE(solve(two(7), Policy::kGreedyFreeze, Objective::kSum, {}).choice == Plan{2, 0});
    REQUIRE(solve(two(6), Policy::kGreedyStage, Objective::kSum, {}).choice == Plan{1, 1});
}

TEST_CASE("no plan: the bound is infinite, the choice empty", "[schedule]") {
    for (const Policy policy : {Policy::kGreedyStop, Policy::kMarginal, Policy::kExact}) {
        const Schedule found = solve(two(2), policy, Objective::kSum, {});
        REQUIRE(found.choice.empty());
        REQUIRE(found.bound == kInfinity);
    }
}

TEST_CASE("prices bound every plan from below", "[schedule]") {
    for (const Objective objective : {Objective::kSum, Objective::kStage, Objective::kOperator}) {
        const Problem problem = two(11);
        const Sums rows = sums(problem, objective);
        const Relaxation relaxed = relax(problem, rows);
        double bound = relaxed.offset(problem);
        for (std::size_t op = 0; op < 2; ++op) {
            double least = kInfinity;
            for (std::size_t c = 0; c < 4; ++c) {
                least = std::min(least, relaxed.cost(problem, rows, op, c));
            }
            bound += least;
        }
        const double best = solve(problem, Policy::kExact, objective, {}).objective;
        REQUIRE(bound <= best * (1 + 1e-9));
        REQUIRE(bound > 0.5 * best);
    }
}

TEST_CASE("sizes that do not match are refused", "[schedule]") {
    Problem problem = two(8);
    problem.calls.pop_back();
    REQUIRE_THROWS_WITH(solve(problem, Policy::kExact, Objective::kSum, {}),
                        ContainsSubstring("stages x operators"));
}

TEST_CASE("stages looked at one by one give the same slowest stage", "[schedule]") {
    // Six operators in three stages, two resources; amounts of the second fall where those of the first rise.
    Problem problem{2, 3, {}, std::vector<double>(18, 0.0), {120, 100}};
    for (std::size_t op = 0; op < 6; ++op) {
        Options options;
        for (int c = 0; c < 5; ++c) {
            options.time.push_back((20.0 + 7.0 * static_cast<double>(op)) / (1 << c));
            options.amount.push_back(static_cast<double>(op + 1) * (1 << c));
            options.amount.push_back(30.0 / (1 << c) + static_cast<double>(c * c));
            options.level.push_back(c);
        }
        problem.operators.push_back(options);
        problem.calls[(op / 2) * 6 + op] = 1 + static_cast<double>(op % 2);
    }
    const Schedule best = exact(problem, Objective::kStage, {});
    const Sums rows = sums(problem, Objective::kStage);
    REQUIRE(separate(rows));
    const Plan known(6, 2);
    REQUIRE(fits(problem, known));
    REQUIRE(value(problem, known, rows) > best.objective);
    const Schedule found = slowest_stage(problem, rows, 0, 0, known);
    REQUIRE(found.objective == best.objective);
    REQUIRE(found.bound <= best.objective);
    REQUIRE(found.bound > best.objective * (1 - 1e-8));
    REQUIRE(fits(problem, found.choice));
    // An operator that two stages share belongs to neither alone.
    problem.calls[0 * 6 + 5] = 1;
    REQUIRE_FALSE(separate(sums(problem, Objective::kStage)));
}
