#include "siliconbert/schedule/problem.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "siliconbert/base/check.hpp"

namespace siliconbert {

namespace {

bool good(double number) { return std::isfinite(number) && number >= 0; }

void check_options(const Options& options, std::size_t op, std::size_t resources) {
    require(options.size() > 0, "schedule: operator ", op, " must have at least one choice, got none");
    require(options.size() <= 32767, "schedule: operator ", op, " must have at most 32767 choices, got ",
            options.size());
    require(options.amount.size() == options.size() * resources && options.level.size() == options.size(),
            "schedule: operator ", op, " must have amounts and a level for each of its ", options.size(),
            " choices, got ", options.amount.size(), " amounts of ", resources, " resources and ",
            options.level.size(), " levels");
    for (const double time : options.time) {
        require(good(time), "schedule: times must be finite and at least 0, got ", time, " in operator ", op);
    }
    for (const double amount : options.amount) {
        require(good(amount), "schedule: amounts must be finite and at least 0, got ", amount,
                " in operator ", op);
    }
    for (std::size_t c = 0; c < options.size(); ++c) {
        const std::int32_t before = c == 0 ? 0 : options.level[c - 1], step = options.level[c] - before;
        require(step == 0 || (c > 0 && step == 1),
                "schedule: levels must start at 0 and rise by at most 1, got ", options.level[c],
                " at choice ", c, " of operator ", op);
    }
}

}  // namespace

void check_problem(const Problem& problem) {
    const std::size_t ops = problem.operators.size();
    require(ops > 0, "schedule: there must be at least one operator, got none");
    require(problem.resources > 0 && problem.budget.size() == problem.resources,
            "schedule: budget must hold one number for each of ", problem.resources, " resources, got ",
            problem.budget.size());
    require(problem.stages > 0 && problem.calls.size() == problem.stages * ops,
            "schedule: calls must be stages x operators, got ", problem.calls.size(), " for ", problem.stages,
            " stages and ", ops, " operators");
    for (const double limit : problem.budget) {
        require(limit >= 0, "schedule: budgets must be at least 0, got ", limit);
    }
    for (const double count : problem.calls) {
        require(good(count), "schedule: calls must be finite and at least 0, got ", count);
    }
    for (std::size_t op = 0; op < ops; ++op) check_options(problem.operators[op], op, problem.resources);
}

Sums sums(const Problem& problem, Objective objective) {
    const std::size_t ops = problem.operators.size();
    Sums found{objective == Objective::kOperator ? ops : 1, ops, {}};
    if (objective == Objective::kStage) {
        // Equal stages count once.
        std::set<std::vector<double>> known;
        for (std::size_t s = 0; s < problem.stages; ++s) {
            const auto row = problem.calls.begin() + static_cast<std::ptrdiff_t>(s * ops);
            if (known.emplace(row, row + static_cast<std::ptrdiff_t>(ops)).second) {
                found.weight.insert(found.weight.end(), row, row + static_cast<std::ptrdiff_t>(ops));
            }
        }
        found.rows = known.size();
        return found;
    }
    found.weight.assign(found.rows * ops, 0.0);
    for (std::size_t op = 0; op < ops; ++op) {
        if (objective == Objective::kOperator) found.weight[op * ops + op] = 1;
        for (std::size_t s = 0; objective == Objective::kSum && s < problem.stages; ++s) {
            found.weight[op] += problem.calls[s * ops + op];
        }
    }
    return found;
}

double value(const Problem& problem, const Plan& plan, const Sums& sums) {
    double largest = 0;
    for (std::size_t row = 0; row < sums.rows; ++row) {
        double sum = 0;
        for (std::size_t op = 0; op < plan.size(); ++op) {
            sum += sums.at(row, op) * problem.operators[op].time[static_cast<std::size_t>(plan[op])];
        }
        largest = std::max(largest, sum);
    }
    return largest;
}

std::vector<double> amounts(const Problem& problem, const Plan& plan) {
    std::vector<double> sum(problem.resources, 0.0);
    for (std::size_t op = 0; op < plan.size(); ++op) {
        for (std::size_t r = 0; r < problem.resources; ++r) {
            sum[r] += problem.amount(op, static_cast<std::size_t>(plan[op]), r);
        }
    }
    return sum;
}

bool fits(const Problem& problem, const Plan& plan) {
    const std::vector<double> sum = amounts(problem, plan);
    for (std::size_t r = 0; r < problem.resources; ++r) {
        // The same amounts in another order may add up to one rounding more.
        if (sum[r] > problem.budget[r] * (1 + 1e-12)) return false;
    }
    return true;
}

}  // namespace siliconbert
