#include "siliconbert/hardware/explore.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "siliconbert/base/check.hpp"
#include "siliconbert/base/clones.hpp"

namespace siliconbert {

namespace {

constexpr std::size_t kBlock = Histograms::kBlock;

struct Mean {
    double energy;
    double seconds;
};

// The bins of histogram i, spelled out so that histograms are summed side by side.
template <std::size_t... bin>
inline Mean bins_of(const double* sentences, const double* run, const double* sentence, const double* layer,
                    const double* seconds, std::size_t i, std::index_sequence<bin...>) {
    return {((sentences[bin * kBlock + i] * sentence[bin] + run[bin * kBlock + i] * layer[bin]) + ...),
            ((run[bin * kBlock + i] * seconds[bin]) + ...)};
}

SILICONBERT_CLONES
void add_bins(const double* __restrict sentences, const double* __restrict run,
              const double* __restrict sentence, const double* __restrict layer,
              const double* __restrict seconds, std::size_t size, double* __restrict energy,
              double* __restrict latency) {
    double a[kBins], b[kBins], c[kBins];
    std::copy_n(sentence, kBins, a);
    std::copy_n(layer, kBins, b);
    std::copy_n(seconds, kBins, c);
    for (std::size_t i = 0; i < size; ++i) {
        const Mean mean = bins_of(sentences, run, a, b, c, i, std::make_index_sequence<kBins>{});
        energy[i] += mean.energy;
        latency[i] += mean.seconds;
    }
}

void add_histogram(Histograms& all, std::size_t h, std::span<const double> joint) {
    const double total = std::accumulate(joint.begin(), joint.end(), 0.0);
    require(total > 0, "explore: a histogram must have at least one sentence, got none in histogram ", h);
    for (std::size_t exit = 1; exit <= all.layers; ++exit) {
        for (std::size_t predicted = 1; predicted <= all.layers; ++predicted) {
            const double share = joint[(exit - 1) * all.layers + predicted - 1] / total;
            require(share >= 0 && (share == 0 || predicted >= exit),
                    "explore: histograms must be at least 0, and 0 where the predicted layer lies before the "
                    "exit; got another at exit ",
                    exit, ", predicted ", predicted, " of histogram ", h);
            const bool goes_on = exit > all.first;
            const std::size_t bin = goes_on ? predicted : exit;
            const double layers = static_cast<double>(goes_on ? exit - all.first : exit);
            all.sentences[all.place(bin - 1, h)] += share;
            all.run[all.place(bin - 1, h)] += share * layers;
            all.planned[h] += goes_on ? share : 0;
            for (std::size_t row = 0; row < bin; ++row) all.late[row * all.count + h] += share;
            for (std::size_t row = 0; row < exit; ++row) all.late_exits[row * all.count + h] += share;
        }
    }
}

BinCosts empty_costs(std::size_t bins) {
    BinCosts costs;
    for (auto* each : {&costs.sentence, &costs.layer, &costs.seconds}) each->assign(bins, 0);
    return costs;
}

}  // namespace

Histograms histograms(std::span<const double> joint, std::size_t layers, std::size_t first) {
    require(layers >= 2 && first >= 1 && first < layers, "explore: first must be in 1..", layers - 1,
            ", got ", first);
    require(!joint.empty() && joint.size() % (layers * layers) == 0,
            "explore: histograms must be at least one of layers x layers numbers, got ", joint.size(),
            " numbers for ", layers, " layers");
    Histograms all{.count = joint.size() / (layers * layers), .layers = layers, .first = first};
    all.bins = (layers + kBins - 1) / kBins * kBins;
    const std::size_t blocks = (all.count + kBlock - 1) / kBlock;
    all.sentences.assign(blocks * all.bins * kBlock, 0);
    all.run.assign(all.sentences.size(), 0);
    all.planned.assign(all.count, 0);
    all.late.assign((layers + 1) * all.count, 0);
    all.late_exits.assign((layers + 1) * all.count, 0);
    for (std::size_t h = 0; h < all.count; ++h) {
        add_histogram(all, h, joint.subspan(h * layers * layers, layers * layers));
    }
    return all;
}

BinCosts planned_costs(const Supply& supply, const LatencyPlan& plan, std::size_t bins) {
    BinCosts costs = empty_costs(bins);
    const SentenceCost layer = nominal_cost(supply, plan.layer);
    const SentenceCost start = nominal_cost(supply, plan.first * plan.layer + plan.plan);
    const double settle = spend(supply, 0, supply.settle_time, start.point).total();
    costs.start = start.latency + supply.settle_time;
    bool in_time = true;
    for (int b = 1; b <= plan.layers; ++b) {
        const auto i = static_cast<std::size_t>(b) - 1;
        if (b <= plan.first) {
            costs.layer[i] = layer.energy.total();
            costs.seconds[i] = layer.latency;
            in_time = in_time && nominal_cost(supply, b * plan.layer).latency <= plan.target;
        } else {
            const Choice choice =
                choose_point(supply, (b - plan.first) * plan.layer.cycles, plan.target - costs.start);
            costs.seconds[i] = plan.layer.cycles / choice.point.frequency;
            costs.layer[i] = joules(supply, plan.layer, choice.point);
            costs.sentence[i] = start.energy.total() + settle +
                                charge_rail(supply, choice.point.voltage, start.point.voltage).total();
            in_time = in_time && choice.feasible;
        }
        if (in_time) costs.in_time = static_cast<std::size_t>(b);
    }
    return costs;
}

BinCosts fixed_costs(const Supply& supply, const LatencyPlan& plan, const OperatingPoint& point,
                     std::size_t bins) {
    BinCosts costs = empty_costs(bins);
    costs.by_exits = true;
    const double seconds = plan.layer.cycles / point.frequency;
    const double layer = joules(supply, plan.layer, point);
    costs.start = plan.first * seconds;
    for (int b = 1; b <= plan.layers; ++b) {
        const auto i = static_cast<std::size_t>(b) - 1;
        costs.layer[i] = layer;
        costs.seconds[i] = seconds;
        costs.sentence[i] = b > plan.first ? plan.first * layer : 0;
        if ((b * plan.layer.cycles) / point.frequency <= plan.target) {
            costs.in_time = static_cast<std::size_t>(b);
        }
    }
    return costs;
}

void mean_costs(std::span<const BinCosts> rows, const Histograms& all, double* energy, double* latency,
                double* late) {
    for (std::size_t from = 0; from < all.count; from += kBlock) {
        const std::size_t size = std::min(kBlock, all.count - from);
        for (std::size_t row = 0; row < rows.size(); ++row) {
            const BinCosts& costs = rows[row];
            const std::size_t out = row * all.count + from;
            const auto& tail = costs.by_exits ? all.late_exits : all.late;
            std::copy_n(tail.data() + costs.in_time * all.count + from, size, late + out);
            std::fill_n(energy + out, size, 0.0);
            std::transform(all.planned.data() + from, all.planned.data() + from + size, latency + out,
                           [&](double share) { return costs.start * share; });
            for (std::size_t bin = 0; bin < all.bins; bin += kBins) {
                const std::size_t at = all.place(bin, from);
                add_bins(all.sentences.data() + at, all.run.data() + at, costs.sentence.data() + bin,
                         costs.layer.data() + bin, costs.seconds.data() + bin, size, energy + out,
                         latency + out);
            }
        }
    }
}

}  // namespace siliconbert
