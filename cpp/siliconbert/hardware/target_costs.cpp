#include "siliconbert/hardware/target_costs.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "siliconbert/base/clones.hpp"
#include "siliconbert/hardware/histograms.hpp"

namespace siliconbert {

namespace {

// So many levels are compared at a time; levels are filled up to a multiple.
constexpr std::size_t kLevels = 8;

// How many frequencies are below the wanted one, spelled out so that bins are compared side by side.
template <std::size_t... level>
inline double slower(const double* frequencies, double wanted, std::index_sequence<level...>) {
    return ((frequencies[level] < wanted ? 1.0 : 0.0) + ...);
}

// Of kBins bins, whose layers up to the predicted one take `cycles`: how many levels are too slow to end them
// in `left` seconds, and the seconds of a layer at just the frequency needed. It is choose_point's search,
// for all bins side by side.
SILICONBERT_CLONES
void choose_levels(const double* __restrict cycles, double left, double slowest, double fastest,
                   const double* __restrict frequencies, std::size_t levels, double layer,
                   double* __restrict below, double* __restrict seconds) {
    double wanted[kBins], count[kBins] = {};
    for (std::size_t b = 0; b < kBins; ++b) {
        const double needed = cycles[b] / left;
        wanted[b] = needed > slowest ? needed : slowest;
    }
    for (std::size_t level = 0; level < levels; level += kLevels) {
        double some[kLevels];
        std::copy_n(frequencies + level, kLevels, some);
        for (std::size_t b = 0; b < kBins; ++b) {
            count[b] += slower(some, wanted[b], std::make_index_sequence<kLevels>{});
        }
    }
    for (std::size_t b = 0; b < kBins; ++b) {
        below[b] = count[b];
        seconds[b] = layer / (wanted[b] < fastest ? wanted[b] : fastest);
    }
}

std::size_t in_time(const std::vector<double>& ends, double target) {
    return static_cast<std::size_t>(std::upper_bound(ends.begin(), ends.end(), target) - ends.begin());
}

}  // namespace

PlannedCosts::PlannedCosts(const Supply& supply, const LatencyPlan& plan, std::size_t bins)
    : first_(static_cast<std::size_t>(plan.first)),
      layer_cycles_(plan.layer.cycles),
      slowest_(*std::upper_bound(supply.frequencies.begin(), supply.frequencies.end(), 0.0)),
      fastest_(supply.nominal_frequency()),
      frequencies_(supply.frequencies),
      cycles_(bins, 0),
      first_joules_(nominal_cost(supply, plan.layer).energy.total()) {
    const SentenceCost start = nominal_cost(supply, plan.first * plan.layer + plan.plan);
    const double settle = spend(supply, 0, supply.settle_time, start.point).total();
    start_ = start.latency + supply.settle_time;
    for (int b = 1; b <= plan.first; ++b) {
        first_latency_.push_back(nominal_cost(supply, b * plan.layer).latency);
    }
    for (int b = plan.first + 1; b <= plan.layers; ++b) {
        cycles_[static_cast<std::size_t>(b) - 1] = (b - plan.first) * plan.layer.cycles;
    }
    frequencies_.resize((frequencies_.size() + kLevels - 1) / kLevels * kLevels,
                        std::numeric_limits<double>::infinity());
    // The clock generator's energy follows the cycles, at any frequency.
    const double clock = nominal_cost(supply, plan.layer).energy.adpll;
    levels_.reserve(supply.levels.size() + 1);
    for (std::size_t level = 0; level <= supply.levels.size(); ++level) {
        const double voltage = supply.levels[std::min(level, supply.levels.size() - 1)];
        levels_.push_back(
            {clock + spend(supply, plan.layer.energy, 0, {voltage, 0}).total(),
             spend(supply, 0, 1, {voltage, 0}).total(),
             start.energy.total() + settle + charge_rail(supply, voltage, start.point.voltage).total()});
    }
}

TargetState PlannedCosts::at(double target, const BinRows& costs) const {
    const double left = target > start_ ? target - start_ : 0;
    const std::size_t late = levels_.size() - 1;
    TargetState found{0, in_time(first_latency_, target)};
    const bool goes_on = found.in_time == first_ && left > 0;
    for (std::size_t from = 0; from < cycles_.size(); from += kBins) {
        double below[kBins];
        choose_levels(cycles_.data() + from, left, slowest_, fastest_, frequencies_.data(),
                      frequencies_.size(), layer_cycles_, below, &costs.seconds[from]);
        for (std::size_t b = 0; b < kBins; ++b) {
            const auto level = static_cast<std::size_t>(below[b]);
            costs.layer[from + b] = levels_[level].layer + levels_[level].watts * costs.seconds[from + b];
            costs.sentence[from + b] = levels_[level].sentence;
            found.state += static_cast<long>(level);
            found.in_time += goes_on && cycles_[from + b] > 0 && level < late ? 1 : 0;
        }
    }
    std::fill_n(costs.seconds.begin(), first_, first_latency_.front());
    std::fill_n(costs.layer.begin(), first_, first_joules_);
    std::fill_n(costs.sentence.begin(), first_, 0.0);
    found.state -= static_cast<long>(found.in_time);
    return found;
}

}  // namespace siliconbert
