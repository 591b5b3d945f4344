#include "siliconbert/hardware/histograms.hpp"

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
            if (share == 0) continue;
            const bool goes_on = exit > all.first;
            const std::size_t bin = goes_on ? predicted : exit;
            const double layers = static_cast<double>(goes_on ? exit - all.first : exit);
            all.sentences[all.place(bin - 1, h)] += share;
            all.run[all.place(bin - 1, h)] += share * layers;
            all.mean_layers[h] += share * static_cast<double>(exit);
            all.planned[h] += goes_on ? share : 0;
            for (std::size_t row = 0; row < bin; ++row) all.late[row * all.count + h] += share;
            for (std::size_t row = 0; row < exit; ++row) all.late_exits[row * all.count + h] += share;
        }
    }
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
    all.mean_layers.assign(all.count, 0);
    all.planned.assign(all.count, 0);
    all.late.assign((layers + 1) * all.count, 0);
    all.late_exits.assign((layers + 1) * all.count, 0);
    for (std::size_t h = 0; h < all.count; ++h) {
        add_histogram(all, h, joint.subspan(h * layers * layers, layers * layers));
    }
    return all;
}

void mean_costs(const BinCosts& costs, const Histograms& all, std::size_t from, std::size_t size,
                double* energy, double* seconds) {
    for (std::size_t i = 0; i < size; ++i) {
        energy[i] = 0;
        seconds[i] = costs.start * all.planned[from + i];
    }
    for (std::size_t bin = 0; bin < all.bins; bin += kBins) {
        const std::size_t at = all.place(bin, from);
        add_bins(all.sentences.data() + at, all.run.data() + at, costs.sentence.data() + bin,
                 costs.layer.data() + bin, costs.seconds.data() + bin, size, energy, seconds);
    }
}

}  // namespace siliconbert
