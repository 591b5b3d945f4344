#include "siliconbert/schedule/stages.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <utility>

#include "siliconbert/schedule/states.hpp"

namespace siliconbert {

namespace {

constexpr std::size_t kMostPlans = 20000;  // of a stage; with more the method gives up
constexpr std::size_t kWidth = 1024;
constexpr int kHalvings = 40;

// Plans of one stage: numbers are the time, then the limited resources; choices are those of its operators.
struct Front {
    std::vector<std::size_t> operators;
    States states;
    std::vector<std::int16_t> choices;  // states x operators
};

class Stages {
 public:
    Stages(const Problem& problem, const Sums& sums) : problem_(problem), sums_(sums) {
        for (std::size_t r = 0; r < problem.resources; ++r) {
            if (std::isfinite(problem.budget[r])) resources_.push_back(r);
        }
    }

    // False where a stage has too many plans.
    bool find_fronts(double upper) {
        std::vector<bool> taken(problem_.operators.size(), false);
        for (std::size_t row = 0; row < sums_.rows; ++row) {
            Front front;
            for (std::size_t op = 0; op < taken.size(); ++op) {
                if (sums_.at(row, op) > 0) front.operators.push_back(op);
            }
            for (const std::size_t op : front.operators) taken[op] = true;
            if (!grow(front, row, upper)) return false;
        }
        // What runs in no stage has no time: it is a stage of its own.
        for (std::size_t op = 0; op < taken.size(); ++op) {
            Front front{{op}, {}, {}};
            if (!taken[op] && !grow(front, 0, upper)) return false;
        }
        return true;
    }

    // A plan whose stages all keep the time; or none, and the bound of the little problem: infinite if there
    // is none.
    std::pair<Plan, double> within(double time) {
        Problem small;
        small.resources = resources_.size();
        small.stages = 1;
        small.calls.assign(fronts_.size(), 1.0);
        for (const std::size_t r : resources_) small.budget.push_back(problem_.budget[r]);
        std::vector<std::vector<std::size_t>> places;
        for (const Front& front : fronts_) {
            places.push_back(small_options(front, time, small));
            if (places.back().empty()) return {{}, std::numeric_limits<double>::infinity()};
        }
        // Any plan that fits will do.
        const Schedule found = exact(small, Objective::kSum, {kWidth, 0.99});
        states_ += found.states;
        Plan plan(found.choice.empty() ? 0 : problem_.operators.size());
        for (std::size_t s = 0; s < found.choice.size(); ++s) {
            const std::vector<std::size_t>& ops = fronts_[s].operators;
            const std::size_t from = places[s][static_cast<std::size_t>(found.choice[s])] * ops.size();
            for (std::size_t i = 0; i < ops.size(); ++i) plan[ops[i]] = fronts_[s].choices[from + i];
        }
        return {plan, found.bound};
    }

    bool unlimited() const { return resources_.empty(); }
    std::size_t looked_at() const { return states_; }

 private:
    bool grow(Front& front, std::size_t row, double upper) {
        front.states.dims = 1 + resources_.size();
        front.states.add(std::vector<double>(front.states.dims, 0.0), 0, 0, 0, 0);
        for (const std::size_t op : front.operators) {
            States next;
            next.dims = front.states.dims;
            expand(front.states, next, row, op, upper);
            next.keep(undominated(next, std::less<>(), [](std::size_t, std::size_t) { return true; }));
            if (next.size() > kMostPlans) return false;
            append(front, next);
        }
        fronts_.push_back(std::move(front));
        return true;
    }

    void expand(const States& states, States& next, std::size_t row, std::size_t op, double upper) {
        const Options& options = problem_.operators[op];
        std::vector<double> made(next.dims);
        for (std::size_t i = 0; i < states.size(); ++i) {
            for (std::size_t c = 0; c < options.size(); ++c) {
                made[0] = states.at(i)[0] + sums_.at(row, op) * options.time[c];
                bool fits = made[0] <= upper;
                for (std::size_t k = 0; k < resources_.size(); ++k) {
                    made[1 + k] = states.at(i)[1 + k] + problem_.amount(op, c, resources_[k]);
                    fits = fits && made[1 + k] <= problem_.budget[resources_[k]];
                }
                if (fits) next.add(made, 0, 0, i, c);
            }
        }
        states_ += states.size() * options.size();
    }

    // The choices before, with the new one.
    static void append(Front& front, States& next) {
        const std::size_t count = front.states.size(), before = count ? front.choices.size() / count : 0;
        std::vector<std::int16_t> choices;
        for (std::size_t i = 0; i < next.size(); ++i) {
            const auto from = front.choices.begin() + static_cast<std::ptrdiff_t>(next.parent[i] * before);
            choices.insert(choices.end(), from, from + static_cast<std::ptrdiff_t>(before));
            choices.push_back(next.choice[i]);
        }
        front.states = std::move(next);
        front.choices = std::move(choices);
    }

    // The plans that keep the time, as choices of one operator; their places in the front.
    std::vector<std::size_t> small_options(const Front& front, double time, Problem& small) {
        States kept;
        kept.dims = resources_.size();
        for (std::size_t i = 0; i < front.states.size(); ++i) {
            const double* numbers = front.states.at(i);
            if (numbers[0] <= time) kept.add({numbers + 1, kept.dims}, 0, 0, i, 0);
        }
        kept.keep(undominated(kept, std::less<>(), [](std::size_t, std::size_t) { return true; }));
        Options options;
        options.amount = kept.numbers;
        options.level.assign(kept.size(), 0);
        for (std::size_t i = 0; i < kept.size(); ++i) {
            double share = 0;
            for (std::size_t k = 0; k < kept.dims; ++k) {
                share += kept.at(i)[k] / std::max(1.0, small.budget[k]);
            }
            options.time.push_back(share);
        }
        small.operators.push_back(std::move(options));
        return {kept.parent.begin(), kept.parent.end()};
    }

    const Problem& problem_;
    const Sums& sums_;
    std::vector<std::size_t> resources_;
    std::vector<Front> fronts_;
    std::size_t states_ = 0;
};

}  // namespace

bool separate(const Sums& sums) {
    for (std::size_t op = 0; op < sums.operators; ++op) {
        std::size_t rows = 0;
        for (std::size_t row = 0; row < sums.rows; ++row) rows += sums.at(row, op) > 0;
        if (rows > 1) return false;
    }
    return sums.rows > 1;
}

Schedule slowest_stage(const Problem& problem, const Sums& sums, double tolerance, double lower,
                       const Plan& known) {
    Schedule found;
    found.choice = known;
    found.objective = value(problem, known, sums);
    found.bound = lower;
    Stages stages(problem, sums);
    const double enough = 1 - std::max(tolerance, 1e-9);
    if (stages.unlimited() || !stages.find_fronts(found.objective)) return found;
    double low = lower;
    for (int step = 0; step < kHalvings && found.objective * enough > low; ++step) {
        const double time = std::min((low + found.objective) / 2, found.objective * enough);
        const auto [plan, bound] = stages.within(time);
        if (!plan.empty() && fits(problem, plan)) {
            found.choice = plan;
            found.objective = value(problem, plan, sums);
        } else {
            low = time;
            // Not proven: the search goes on above, the bound stays.
            if (!std::isfinite(bound) && found.bound <= time) found.bound = time;
        }
    }
    found.states = stages.looked_at();
    return found;
}

}  // namespace siliconbert
