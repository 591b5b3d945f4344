#include "siliconbert/schedule/exact.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>

#include "siliconbert/schedule/order.hpp"
#include "siliconbert/schedule/relaxation.hpp"
#include "siliconbert/schedule/stages.hpp"
#include "siliconbert/schedule/states.hpp"

namespace siliconbert {

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
// Bounds are rounded: a state that might tie is kept.
constexpr double kRounding = 1e-9;
// After the pass of this width separate stages are looked at one by one.
constexpr std::size_t kStageWidth = 1024;
// Which number of a state is what, after an operator: the largest finished sum, the sums that go on, then the
// first resource and the limited ones.
struct Places {
    std::vector<std::size_t> open;  // rows of the sums
    std::size_t size = 0;
};

// How a state came about: the two numbers that every layer keeps.
struct Trail {
    std::vector<std::uint32_t> parent;
    std::vector<std::int16_t> choice;
};

// An objective, the amount of the first resource, the plan: smaller is better.
struct Best {
    double objective = kInfinity;
    double first = kInfinity;
    Plan plan;

    bool operator<(const Best& other) const {
        return std::tie(objective, first, plan) < std::tie(other.objective, other.first, other.plan);
    }
};

class Search {
 public:
    // `order`: which operator is taken when.
    Search(const Problem& problem, Objective objective, double tolerance, std::vector<std::size_t> order)
        : given_(problem),
          given_sums_(sums(problem, objective)),
          order_(std::move(order)),
          problem_(reordered(problem, order_)),
          sums_(sums(problem_, objective)),
          relaxation_(relax(problem_, sums_)),
          operators_(problem.operators.size()),
          tolerance_(tolerance) {
        resources_.push_back(0);
        for (std::size_t r = 1; r < problem.resources; ++r) {
            if (std::isfinite(problem.budget[r])) resources_.push_back(r);
        }
        find_places();
        find_rest();
        for (std::size_t op = 0; op < operators_; ++op) worst_ += slowest(op);
    }

    const Relaxation& relaxation() const { return relaxation_; }
    const Best& best() const { return best_; }
    bool found() const { return !best_.plan.empty(); }
    std::size_t looked_at() const { return looked_at_; }
    double root() const { return std::max(0.0, rest_cost_[0] + relaxation_.offset(problem_)); }
    // Of every plan.
    double worst() const { return worst_; }

    // A plan in the given order.
    void offer(const Plan& plan) {
        if (plan.empty() || !fits(given_, plan)) return;
        const Best found{value(given_, plan, given_sums_), amounts(given_, plan)[0], plan};
        if (found < best_) best_ = found;
    }

    // The bound that one pass proves.
    double pass(std::size_t width) {
        dropped_ = kInfinity;
        trail_.clear();
        States states = start();
        for (std::size_t op = 0; op < operators_ && states.size() > 0; ++op) {
            States next = grown(states, op, width);
            thin(next, op, width);
            trail_.push_back({next.parent, next.choice});
            states = std::move(next);
        }
        finish(states);
        if (best_.plan.empty()) return dropped_;
        return std::min(dropped_, best_.objective * (1 - tolerance_));
    }

 private:
    double slowest(std::size_t op) const {
        const auto& time = problem_.operators[op].time;
        double most = 0;
        for (std::size_t row = 0; row < sums_.rows; ++row) most = std::max(most, sums_.at(row, op));
        return most * *std::max_element(time.begin(), time.end());
    }

    void find_places() {
        std::vector<std::size_t> last(sums_.rows, 0), first(sums_.rows, operators_);
        for (std::size_t row = 0; row < sums_.rows; ++row) {
            for (std::size_t op = operators_; op-- > 0;) {
                if (sums_.at(row, op) > 0) first[row] = op;
            }
            for (std::size_t op = 0; op < operators_; ++op) {
                if (sums_.at(row, op) > 0) last[row] = op;
            }
        }
        for (std::size_t op = 0; op < operators_; ++op) {
            Places found;
            for (std::size_t row = 0; row < sums_.rows; ++row) {
                if (first[row] <= op && op < last[row]) found.open.push_back(row);
            }
            found.size = 1 + found.open.size() + resources_.size();
            places_.push_back(found);
        }
    }

    // The least that the operators from each on can take.
    void find_rest() {
        const std::size_t kinds = resources_.size();
        rest_cost_.assign(operators_ + 1, 0.0);
        rest_amount_.assign((operators_ + 1) * kinds, 0.0);
        rest_time_.assign((operators_ + 1) * sums_.rows, 0.0);
        cost_.resize(operators_);
        for (std::size_t op = operators_; op-- > 0;) {
            const Options& options = problem_.operators[op];
            for (std::size_t c = 0; c < options.size(); ++c) {
                cost_[op].push_back(relaxation_.cost(problem_, sums_, op, c));
            }
            rest_cost_[op] = rest_cost_[op + 1] + *std::min_element(cost_[op].begin(), cost_[op].end());
            for (std::size_t k = 0; k < kinds; ++k) {
                double least = kInfinity;
                for (std::size_t c = 0; c < options.size(); ++c) {
                    least = std::min(least, problem_.amount(op, c, resources_[k]));
                }
                rest_amount_[op * kinds + k] = rest_amount_[(op + 1) * kinds + k] + least;
            }
            const double fastest = *std::min_element(options.time.begin(), options.time.end());
            for (std::size_t row = 0; row < sums_.rows; ++row) {
                rest_time_[op * sums_.rows + row] =
                    rest_time_[(op + 1) * sums_.rows + row] + sums_.at(row, op) * fastest;
            }
        }
    }

    States start() const {
        States found;
        found.dims = 1 + resources_.size();
        found.add(std::vector<double>(found.dims, 0.0), relaxation_.offset(problem_), 0.0, 0, 0);
        return found;
    }

    // Bounds above this are of no use.
    double limit() const {
        if (best_.plan.empty()) return kInfinity;
        return tolerance_ > 0 ? best_.objective * (1 - tolerance_) : best_.objective * (1 + kRounding);
    }

    // Every state with every choice of the operator.
    States grown(const States& states, std::size_t op, std::size_t width) {
        States next;
        next.dims = places_[op].size;
        const Options& options = problem_.operators[op];
        std::vector<double> made(next.dims);
        const double limit = this->limit();
        for (std::size_t i = 0; i < states.size(); ++i) {
            // So that memory stays bounded.
            if (next.size() > 8 * width + options.size()) narrow(next, 4 * width);
            for (std::size_t c = 0; c < options.size(); ++c) {
                const double cost = states.cost[i] + cost_[op][c];
                double bound = cost + rest_cost_[op + 1];
                if (bound > limit || !make(states.at(i), states.dims, op, c, made)) continue;
                bound = std::max(bound, time_bound(op, made));
                if (bound > limit) continue;
                next.add(made, cost, std::max(bound, states.bound[i]), i, c);
            }
        }
        looked_at_ += states.size() * options.size();
        return next;
    }

    // False where it cannot fit any more.
    bool make(const double* from, std::size_t dims, std::size_t op, std::size_t c,
              std::vector<double>& to) const {
        const std::size_t kinds = resources_.size();
        const double* amount = from + dims - kinds;
        for (std::size_t k = 0; k < kinds; ++k) {
            const double sum = amount[k] + problem_.amount(op, c, resources_[k]);
            // Added in another order than a plan's amounts are: leave room for rounding, offer() looks again.
            const double all = (sum + rest_amount_[(op + 1) * kinds + k]) * (1 - kRounding);
            if (all > problem_.budget[resources_[k]]) return false;
            to[to.size() - kinds + k] = sum;
        }
        const auto& before = op == 0 ? nowhere_ : places_[op - 1].open;
        const auto& after = places_[op].open;
        to[0] = from[0];
        std::size_t b = 0, a = 0;
        for (std::size_t row = 0; row < sums_.rows; ++row) {
            double sum = 0;
            if (b < before.size() && before[b] == row) sum = from[1 + b++];
            const bool stays = a < after.size() && after[a] == row;
            if (sums_.at(row, op) > 0) sum += sums_.at(row, op) * problem_.operators[op].time[c];
            if (stays) {
                to[1 + a++] = sum;
            } else {
                to[0] = std::max(to[0], sum);
            }
        }
        return true;
    }

    double time_bound(std::size_t op, const std::vector<double>& numbers) const {
        double bound = numbers[0];
        const auto& open = places_[op].open;
        for (std::size_t a = 0; a < open.size(); ++a) {
            bound = std::max(bound, numbers[1 + a] + rest_time_[(op + 1) * sums_.rows + open[a]]);
        }
        return bound;
    }

    void thin(States& states, std::size_t op, std::size_t width) {
        narrow(states, 4 * width);
        const std::size_t first = states.dims - resources_.size();
        // A single sum that goes on is the objective itself.
        const bool single = places_[op].open.size() == 1 && sums_.rows == 1;
        const auto before = [&](std::size_t a, std::size_t b) { return earlier(states, a, b, op); };
        // Ties are broken by the first resource, then by the order of choices: what would win one must stay.
        const auto settles = [&](std::size_t a, std::size_t b) {
            const double *x = states.at(a), *y = states.at(b);
            return (single && x[1] < y[1]) || x[first] < y[first] || before(a, b);
        };
        states.keep(undominated(states, before, settles));
        narrow(states, width);
    }

    // The bounds of states that go because there are too many count.
    void narrow(States& states, std::size_t width) {
        if (states.size() <= width) return;
        const Promising found = most_promising(states, width);
        dropped_ = std::min(dropped_, found.dropped);
        states.keep(found.places);
    }

    // Whether one state's choices come before another's in lexicographic order of the given operators.
    bool earlier(const States& states, std::size_t a, std::size_t b, std::size_t op) const {
        Plan x(operators_, -1), y(operators_, -1);
        x[order_[op]] = states.choice[a];
        y[order_[op]] = states.choice[b];
        follow(x, states.parent[a], op);
        follow(y, states.parent[b], op);
        return x < y;
    }

    // The choices for the operators before one, from a state after the last of them.
    void follow(Plan& plan, std::size_t state, std::size_t op) const {
        while (op-- > 0) {
            plan[order_[op]] = trail_[op].choice[state];
            state = trail_[op].parent[state];
        }
    }

    void finish(const States& states) {
        if (trail_.size() < operators_) return;
        for (std::size_t i = 0; i < states.size(); ++i) {
            if (states.at(i)[0] > best_.objective * (1 + kRounding)) continue;
            Plan plan(operators_);
            follow(plan, i, operators_);
            offer(plan);
        }
    }

    const Problem& given_;
    const Sums given_sums_;
    const std::vector<std::size_t> order_;
    const Problem problem_;
    const Sums sums_;
    const Relaxation relaxation_;
    const std::size_t operators_;
    const double tolerance_;
    const std::vector<std::size_t> nowhere_{};
    std::vector<std::size_t> resources_;
    std::vector<Places> places_;
    std::vector<std::vector<double>> cost_;
    std::vector<double> rest_cost_, rest_amount_, rest_time_;
    double worst_ = 0, dropped_ = kInfinity;
    std::size_t looked_at_ = 0;
    std::vector<Trail> trail_;
    Best best_;
};

bool proven(const Schedule& found, const Effort& effort) {
    return found.bound >= found.objective * (1 - effort.tolerance) * (1 - kRounding);
}

}  // namespace

Schedule exact(const Problem& problem, Objective objective, const Effort& effort, const Plan& known) {
    Search search(problem, objective, effort.tolerance, best_order(problem, objective));
    search.offer(known);
    const Sums rows = sums(problem, objective);
    Schedule found;
    found.prices = search.relaxation().price;
    found.bound = search.root();
    if (found.bound > search.worst() * (1 + kRounding)) found.bound = kInfinity;
    for (std::size_t width = 64; std::isfinite(found.bound); width *= 16) {
        const std::size_t now = std::min(width, effort.width);
        found.bound = std::max(found.bound, search.pass(now));
        found.objective = search.best().objective;
        if (proven(found, effort) || now == effort.width) break;
        if (width == kStageWidth && objective == Objective::kStage && separate(rows) && search.found()) {
            const Schedule by =
                slowest_stage(problem, rows, effort.tolerance, found.bound, search.best().plan);
            search.offer(by.choice);
            found.states += by.states;
            found.bound = std::max(found.bound, by.bound);
            found.objective = search.best().objective;
            if (proven(found, effort)) break;
        }
    }
    found.choice = search.best().plan;
    if (!found.choice.empty()) found.bound = std::min(found.bound, found.objective);
    found.states += search.looked_at();
    return found;
}

}  // namespace siliconbert
