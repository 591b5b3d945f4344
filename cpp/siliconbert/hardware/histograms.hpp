// Mean cost of many sentences from a histogram of their exits.
//
// Under one accelerator, one plan and one target the energy of a sentence is linear in the layers it runs,
// with constants that depend on its predicted layer alone. So a histogram of (exit, predicted) enters by two
// numbers a predicted layer, sentences and layers run, and its cost is a sum over these bins: exactly the
// mean of planned_cost over the histogram's sentences, up to rounding.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace siliconbert {

// Bins of this many layers are summed at a time; histograms are filled up to a multiple with zeros.
inline constexpr std::size_t kBins = 12;

// `count` histograms, in blocks, each bin of a block side by side. Bin b - 1 holds sentences that leave after
// layer b <= first, or that go on and are predicted to leave after layer b.
struct Histograms {
    // A block's bins stay in the nearest cache while all rows of costs are summed over it.
    static constexpr std::size_t kBlock = 128;

    std::size_t count = 0;
    std::size_t layers = 0;
    std::size_t first = 1;
    std::size_t bins = 0;               // layers, filled up
    std::vector<double> sentences{};    // blocks x bins x kBlock: share of the sentences
    std::vector<double> run{};          // the same: layers run, after `first` where the sentence goes on
    std::vector<double> mean_layers{};  // count: that are really run
    std::vector<double> planned{};      // count: share that goes on after `first`
    std::vector<double> late{};         // (layers + 1) x count: share of the sentences in bins > row
    std::vector<double> late_exits{};   // the same, of sentences that really leave after layers > row

    std::size_t place(std::size_t bin, std::size_t histogram) const {
        return (histogram / kBlock * bins + bin) * kBlock + histogram % kBlock;
    }
};

// joint: count x layers x layers, row-major: how many sentences leave after layer row + 1 and were predicted
// to after column + 1; scaled to shares. A prediction must not lie before the exit.
Histograms histograms(std::span<const double> joint, std::size_t layers, std::size_t first);

// What a sentence and a layer cost in each bin: rows of Histograms::bins.
struct BinCosts {
    std::span<const double> sentence;  // J
    std::span<const double> layer;     // J
    std::span<const double> seconds;   // of a layer
    double start = 0;                  // seconds of sentences that go on, before the first planned layer
};

// Mean J and mean seconds of histograms from..from + size - 1, which lie in one block.
void mean_costs(const BinCosts& costs, const Histograms& histograms, std::size_t from, std::size_t size,
                double* energy, double* seconds);

}  // namespace siliconbert
