#include "siliconbert/schedule/greedy.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>

namespace siliconbert {

namespace {

// The plan on its way up.
class Climb {
 public:
    Climb(const Problem& problem, Objective objective, Plan start)
        : problem_(problem), sums_(sums(problem, objective)), plan_(std::move(start)) {}

    void run(Greedy policy) {
        if (policy == Greedy::kMarginal) {
            while (const auto step = best_step()) plan_ = *step;
            return;
        }
        std::vector<std::uint8_t> frozen(plan_.size(), 0);
        while (true) {
            const auto op =
                policy == Greedy::kStage ? slowest_in_stages(frozen) : slowest(frozen, everyone());
            if (!op) return;
            if (auto step = stepped(*op)) {
                plan_ = *step;
            } else if (policy == Greedy::kStop) {
                return;
            } else {
                frozen[*op] = 1;
            }
        }
    }

    Schedule result() const {
        Schedule found;
        found.objective = value(problem_, plan_, sums_);
        found.choice = plan_;
        found.states = looked_at_;
        return found;
    }

 private:
    std::vector<double> everyone() const { return std::vector<double>(plan_.size(), 1.0); }

    double time(std::size_t op) const {
        return problem_.operators[op].time[static_cast<std::size_t>(plan_[op])];
    }

    // The slowest operator that is not frozen, of those with a call.
    std::optional<std::size_t> slowest(const std::vector<std::uint8_t>& frozen,
                                       const std::vector<double>& calls) const {
        std::optional<std::size_t> found;
        for (std::size_t op = 0; op < plan_.size(); ++op) {
            if (!frozen[op] && calls[op] > 0 && (!found || time(op) > time(*found))) found = op;
        }
        return found;
    }

    std::optional<std::size_t> slowest_in_stages(const std::vector<std::uint8_t>& frozen) const {
        const std::size_t ops = plan_.size();
        std::optional<std::size_t> found;
        double longest = -1;
        for (std::size_t stage = 0; stage < problem_.stages; ++stage) {
            const auto row = problem_.calls.begin() + static_cast<std::ptrdiff_t>(stage * ops);
            const std::vector<double> calls(row, row + static_cast<std::ptrdiff_t>(ops));
            double sum = 0;
            for (std::size_t op = 0; op < ops; ++op) sum += calls[op] * time(op);
            const auto op = slowest(frozen, calls);
            if (op && sum > longest) {
                longest = sum;
                found = op;
            }
        }
        return found;
    }

    // The plan with one operator at its next level, if one of the choices there fits.
    std::optional<Plan> stepped(std::size_t op) {
        const Options& options = problem_.operators[op];
        const auto now = static_cast<std::size_t>(plan_[op]);
        Plan next = plan_;
        for (std::size_t c = now + 1; c < options.size() && options.level[c] <= options.level[now] + 1; ++c) {
            if (options.level[c] == options.level[now]) continue;
            next[op] = static_cast<std::int32_t>(c);
            ++looked_at_;
            if (fits(problem_, next)) return next;
        }
        return std::nullopt;
    }

    std::optional<Plan> best_step() {
        std::optional<Plan> best;
        double most = 0;
        const double now = value(problem_, plan_, sums_);
        for (std::size_t op = 0; op < plan_.size(); ++op) {
            const auto next = stepped(op);
            if (!next) continue;
            const double gain = now - value(problem_, *next, sums_), price = share(*next);
            const double worth = price > 0 ? gain / price : std::numeric_limits<double>::infinity();
            if (gain > 0 && worth > most) {
                most = worth;
                best = next;
            }
        }
        return best;
    }

    // What the step takes of the resource that it takes most of.
    double share(const Plan& next) const {
        const std::vector<double> before = amounts(problem_, plan_), after = amounts(problem_, next);
        double most = 0;
        for (std::size_t r = 0; r < before.size(); ++r) {
            if (problem_.budget[r] > 0) most = std::max(most, (after[r] - before[r]) / problem_.budget[r]);
        }
        return most;
    }

    const Problem& problem_;
    const Sums sums_;
    Plan plan_;
    std::size_t looked_at_ = 0;
};

}  // namespace

Schedule greedy(const Problem& problem, Greedy policy, Objective objective, Plan start) {
    Climb climb(problem, objective, std::move(start));
    climb.run(policy);
    return climb.result();
}

}  // namespace siliconbert
