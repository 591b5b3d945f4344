#include "siliconbert/schedule/order.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace siliconbert {

namespace {

double largest_share(const Problem& problem, std::size_t op) {
    double most = 0;
    for (std::size_t c = 0; c < problem.operators[op].size(); ++c) {
        for (std::size_t r = 0; r < problem.resources; ++r) {
            if (problem.budget[r] > 0) most = std::max(most, problem.amount(op, c, r) / problem.budget[r]);
        }
    }
    return most;
}

}  // namespace

std::vector<std::size_t> best_order(const Problem& problem, Objective objective) {
    const Sums rows = sums(problem, objective);
    std::vector<std::pair<std::size_t, double>> key;
    for (std::size_t op = 0; op < problem.operators.size(); ++op) {
        std::size_t row = 0;
        while (objective == Objective::kStage && row + 1 < rows.rows && rows.at(row, op) == 0) ++row;
        key.emplace_back(row, -largest_share(problem, op));
    }
    std::vector<std::size_t> order(problem.operators.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return key[a] < key[b]; });
    return order;
}

Problem reordered(const Problem& problem, const std::vector<std::size_t>& order) {
    Problem found = problem;
    for (std::size_t i = 0; i < order.size(); ++i) {
        found.operators[i] = problem.operators[order[i]];
        for (std::size_t s = 0; s < problem.stages; ++s) {
            found.calls[s * order.size() + i] = problem.calls[s * order.size() + order[i]];
        }
    }
    return found;
}

}  // namespace siliconbert
