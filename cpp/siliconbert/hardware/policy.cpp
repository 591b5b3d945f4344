#include "siliconbert/hardware/policy.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "siliconbert/base/check.hpp"
#include "siliconbert/base/parallel.hpp"

namespace siliconbert {

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::size_t index(int layer) { return static_cast<std::size_t>(layer); }

// Points at which `cycles` fit into `seconds`; none where none does.
std::vector<OperatingPoint> points(const Supply& supply, double cycles, double seconds, bool paper) {
    if (paper) {
        const Choice choice = choose_point(supply, cycles, seconds);
        return choice.feasible ? std::vector{choice.point} : std::vector<OperatingPoint>{};
    }
    std::vector<OperatingPoint> found;
    for (std::size_t i = 0; i < supply.levels.size(); ++i) {
        const double frequency = supply.frequencies[i];
        if (frequency > 0 && seconds > 0 && frequency >= cycles / seconds) {
            found.push_back({supply.levels[i], frequency});
        }
    }
    return found;
}

double cost(const Line& line, double sentences, double layers) {
    return sentences * line.sentence + layers * line.layer;
}

// Leaves out lines that another one is nowhere above, from one layer a sentence to `most`.
void prune(std::vector<Line>& lines, double most) {
    std::vector<Line> kept;
    for (const Line& line : lines) {
        const auto above = [&](const Line& other) {
            return cost(other, 1, 1) <= cost(line, 1, 1) && cost(other, 1, most) <= cost(line, 1, most);
        };
        if (std::any_of(kept.begin(), kept.end(), above)) continue;
        std::erase_if(kept, [&](const Line& other) {
            return cost(line, 1, 1) <= cost(other, 1, 1) && cost(line, 1, most) <= cost(other, 1, most);
        });
        kept.push_back(line);
    }
    lines = std::move(kept);
}

// A sentence's entropy after a layer: above it, the sentence may leave there.
struct Event {
    float entropy;
    std::uint32_t sentence;
    int layer;
};

std::vector<Event> events(const ExitTrace& trace) {
    std::vector<Event> found;
    for (std::size_t i = 0; i < trace.row.size(); ++i) {
        for (int layer = 1; layer < trace.layers; ++layer) {
            if (layer > trace.first && layer > trace.last_ramp) continue;
            const float entropy = trace.entropy[i * index(trace.layers) + index(layer) - 1];
            found.push_back({entropy, static_cast<std::uint32_t>(i), layer});
        }
    }
    std::sort(found.begin(), found.end(),
              [](const Event& a, const Event& b) { return a.entropy < b.entropy; });
    return found;
}

// How many sentences leave where, while the exit threshold rises and the threshold of predictions stays.
class Sweep {
 public:
    Sweep(const ExitTrace& trace, const PlanTable& table, std::size_t interval)
        : trace_(trace),
          table_(table),
          predicted_(trace.row.size()),
          exit_(trace.row.size()),
          left_(index(trace.layers) + 1),
          gone_on_(left_.size()),
          run_(left_.size()),
          costs_(left_.size()) {
        const std::size_t rows = trace.predicted.size() / (trace.cuts.size() + 1);
        for (std::size_t i = 0; i < exit_.size(); ++i) {
            predicted_[i] = exit_[i] = trace.predicted[interval * rows + index(trace.row[i])];
            count(i, 1);
        }
        for (int layer = 1; layer <= trace.layers; ++layer) settle(layer);
    }

    void leave(const Event& event) {
        const std::size_t i = event.sentence;
        if (event.layer >= exit_[i]) return;
        count(i, -1);
        exit_[i] = event.layer;
        count(i, 1);
        settle(predicted_[i]);
    }

    double right() const { return right_; }

    double late() const {
        double total = 0;
        for (std::size_t layer = 1; layer < left_.size(); ++layer) {
            if (table_.late[layer] == 0) continue;
            const bool known = table_.lines.empty() || layer <= index(trace_.first);
            total += known ? left_[layer] : gone_on_[layer];
        }
        return total;
    }

    double energy() const {
        double total = 0;
        for (std::size_t layer = 1; layer < table_.leave.size(); ++layer) {
            total += left_[layer] * table_.leave[layer];
        }
        for (const double each : costs_) total += each;
        return total;
    }

    std::vector<std::size_t> choice() const {
        std::vector<std::size_t> found(left_.size(), 0);
        for (std::size_t layer = 1; layer < table_.lines.size(); ++layer) found[layer] = best(layer);
        return found;
    }

 private:
    void count(std::size_t i, double by) {
        left_[index(exit_[i])] += by;
        right_ += by * trace_.correct[i * index(trace_.layers) + index(exit_[i]) - 1];
        if (exit_[i] <= trace_.first) return;
        gone_on_[index(predicted_[i])] += by;
        run_[index(predicted_[i])] += by * (exit_[i] - trace_.first);
    }

    std::size_t best(std::size_t layer) const {
        const auto& lines = table_.lines[layer];
        const auto least = std::min_element(lines.begin(), lines.end(), [&](const Line& a, const Line& b) {
            return cost(a, gone_on_[layer], run_[layer]) < cost(b, gone_on_[layer], run_[layer]);
        });
        return static_cast<std::size_t>(least - lines.begin());
    }

    void settle(int predicted) {
        const std::size_t layer = index(predicted);
        if (layer >= table_.lines.size() || table_.lines[layer].empty()) return;
        costs_[layer] = cost(table_.lines[layer][best(layer)], gone_on_[layer], run_[layer]);
    }

    const ExitTrace& trace_;
    const PlanTable& table_;
    std::vector<int> predicted_;
    std::vector<int> exit_;
    std::vector<double> left_;     // sentences by exit
    std::vector<double> gone_on_;  // sentences after `first` by predicted layer
    std::vector<double> run_;      // the layers they run after `first`
    std::vector<double> costs_;    // J by predicted layer
    double right_ = 0;
};

BestExits in_interval(const ExitTrace& trace, const PlanTable& table, const Limits& limits, bool tied,
                      std::span<const Event> events, std::size_t interval) {
    const double from = interval == 0 ? -kInfinity : trace.cuts[interval - 1];
    const double to = interval == trace.cuts.size() ? kInfinity : trace.cuts[interval];
    Sweep sweep(trace, table, interval);
    BestExits best{.energy = kInfinity, .interval = interval};
    double low = -kInfinity;
    for (std::size_t next = 0;;) {
        const double high = next == events.size() ? kInfinity : events[next].entropy;
        const bool within = sweep.right() >= limits.least_right && sweep.late() <= limits.most_late;
        if (within && (!tied || std::max(low, from) < std::min(high, to))) {
            if (const double energy = sweep.energy(); energy < best.energy) {
                best = {energy, low, high, interval, sweep.right(), sweep.late(), sweep.choice()};
            }
        }
        if (next == events.size()) return best;
        for (low = high; next < events.size() && events[next].entropy == low; ++next) {
            sweep.leave(events[next]);
        }
    }
}

void check(const ExitTrace& trace, const PlanTable& table) {
    const std::size_t layers = index(trace.layers), sentences = trace.row.size();
    require(sentences > 0 && trace.entropy.size() == sentences * layers &&
                trace.correct.size() == trace.entropy.size(),
            "best_policy: entropy and correct must be sentences x layers, at least one each; got ",
            trace.entropy.size(), " and ", trace.correct.size(), " numbers for ", layers, " layers");
    require_finite(trace.entropy, "best_policy", "entropy");
    require(table.late.size() == layers + 1, "best_policy: the plan must be of ", layers, " layers");
}

}  // namespace

PlanTable plan_table(const Supply& supply, const LatencyPlan& plan, const OperatingPoint& start, bool paper,
                     bool idle) {
    const auto layers = index(plan.layers);
    const double waiting = idle ? supply.leakage(supply.levels.front()) : 0;
    const double before = (plan.first * plan.layer.cycles + plan.plan.cycles) / start.frequency;
    const double seconds = plan.target - before - supply.settle_time;
    const double first = joules(supply, plan.first * plan.layer + plan.plan, start) +
                         spend(supply, 0, supply.settle_time, start).total();
    PlanTable table{start, {}, std::vector<std::vector<Line>>(layers + 1), {}};
    table.late.assign(layers + 1, 0);
    for (int layer = 0; layer <= plan.first; ++layer) {
        const double left = plan.target - layer * plan.layer.cycles / start.frequency;
        table.late[index(layer)] = left < 0 ? 1 : 0;
        table.leave.push_back(joules(supply, layer * plan.layer, start) + waiting * std::max(left, 0.0));
    }
    for (int layer = plan.first + 1; layer <= plan.layers; ++layer) {
        auto found = points(supply, (layer - plan.first) * plan.layer.cycles, seconds, paper);
        const bool late = found.empty();
        if (late) found.push_back(supply.nominal());
        auto& lines = table.lines[index(layer)];
        for (const OperatingPoint& point : found) {
            const double saved = late ? 0 : waiting * plan.layer.cycles / point.frequency;
            lines.push_back({first + charge_rail(supply, start.voltage, point.voltage).total() +
                                 (late ? 0 : waiting * seconds),
                             joules(supply, plan.layer, point) - saved, point});
        }
        prune(lines, layer - plan.first);
        table.late[index(layer)] = late ? 1 : 0;
    }
    return table;
}

PlanTable foreseen(std::span<const PlanTable> tables) {
    require(!tables.empty(), "best_policy: there must be at least one plan");
    const std::size_t size = tables.front().late.size(), first = tables.front().leave.size() - 1;
    PlanTable best{tables.front().start, std::vector<double>(size, kInfinity), {}, {}};
    best.late.assign(size, 1);
    for (std::size_t layer = 0; layer < size; ++layer) {
        // Late plans count only where all are late.
        for (const PlanTable& table : tables) {
            best.late[layer] = std::min(best.late[layer], table.late[layer]);
        }
        for (const PlanTable& table : tables) {
            if (table.late[layer] != best.late[layer]) continue;
            if (layer <= first) best.leave[layer] = std::min(best.leave[layer], table.leave[layer]);
            for (const Line& line : table.lines[layer]) {
                const double joules = cost(line, 1, static_cast<double>(layer - first));
                best.leave[layer] = std::min(best.leave[layer], joules);
            }
        }
    }
    return best;
}

BestExits best_exits(const ExitTrace& trace, const PlanTable& table, const Limits& limits, bool tied,
                     int threads) {
    check(trace, table);
    const std::vector<Event> sorted = events(trace);
    std::vector<BestExits> found(trace.cuts.size() + 1);
    parallel_for(found.size(), threads,
                 [&](std::size_t k) { found[k] = in_interval(trace, table, limits, tied, sorted, k); });
    return *std::min_element(found.begin(), found.end(),
                             [](const BestExits& a, const BestExits& b) { return a.energy < b.energy; });
}

}  // namespace siliconbert
