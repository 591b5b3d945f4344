#include "siliconbert/exits/rules.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "siliconbert/base/check.hpp"

namespace siliconbert {

namespace {

int length(std::span<const float> row) { return static_cast<int>(row.size()); }

void check_threshold(const char* function, double threshold) {
    require(!std::isnan(threshold), function, ": threshold must be a number, got nan");
}

}  // namespace

int EntropyRule::leave(std::span<const float> row, double threshold) const {
    for (int layer = 1; layer < length(row); ++layer) {
        if (row[static_cast<std::size_t>(layer) - 1] < threshold) return layer;
    }
    return length(row);
}

std::vector<double> EntropyRule::turning_points(std::span<const float> row) const {
    return {row.begin(), row.end()};
}

PredictionRule::PredictionRule(Lut lut, int layers, int first, int last_ramp, bool check_before)
    : lut_(std::move(lut)),
      layers_(layers),
      first_(first),
      last_ramp_(last_ramp),
      check_before_(check_before) {
    require(first >= 1 && first < layers - 1, "by_prediction: first must be in 1..", layers - 2, ", got ",
            first);
    require(last_ramp >= first && last_ramp < layers, "by_prediction: last_ramp must be in ", first, "..",
            layers - 1, ", got ", last_ramp);
    require(static_cast<int>(lut_.columns()) == layers - 1 - first, "by_prediction: lut must predict layers ",
            first + 1, "..", layers - 1, " of ", layers, ", got ", lut_.columns(), " columns");
}

int PredictionRule::predict(double entropy, double threshold) const {
    if (std::isnan(entropy)) return layers_;
    const auto row = lut_.nearest(entropy);
    const auto below = std::find_if(row.begin(), row.end(), [&](double e) { return e < threshold; });
    const auto index = static_cast<int>(below == row.end() ? row.size() - 1 : below - row.begin());
    const int layer = first_ + 1 + index;
    return layer <= last_ramp_ ? layer : layers_;
}

bool PredictionRule::stops(int layer, float entropy, int predicted, double threshold) const {
    if (layer > first_ && layer == predicted) return true;
    return checks(layer) && entropy < threshold;
}

int PredictionRule::leave(std::span<const float> row, double threshold) const {
    int predicted = layers_;
    for (int layer = 1; layer < layers_; ++layer) {
        const float entropy = row[static_cast<std::size_t>(layer) - 1];
        if (stops(layer, entropy, predicted, threshold)) return layer;
        if (layer == first_) predicted = predict(entropy, threshold);
    }
    return layers_;
}

std::vector<double> PredictionRule::turning_points(std::span<const float> row) const {
    std::vector<double> points(row.begin(), row.end());
    const auto predicted = lut_.nearest(row[static_cast<std::size_t>(first_) - 1]);
    points.insert(points.end(), predicted.begin(), predicted.end());
    return points;
}

ByEntropy::ByEntropy(double threshold) : threshold_(threshold) { check_threshold("by_entropy", threshold); }

void ByEntropy::after(int, std::span<const float> entropy, std::span<std::uint8_t> leaves) {
    for (std::size_t i = 0; i < entropy.size(); ++i) {
        if (entropy[i] < threshold_) leaves[i] = 1;
    }
}

ByPrediction::ByPrediction(PredictionRule rule, double threshold)
    : rule_(std::move(rule)), threshold_(threshold) {
    check_threshold("by_prediction", threshold);
}

void ByPrediction::after(int layer, std::span<const float> entropy, std::span<std::uint8_t> leaves) {
    if (layer == 1) predicted_.assign(entropy.size(), 0);
    for (std::size_t i = 0; i < entropy.size(); ++i) {
        if (leaves[i] != 0) continue;
        if (rule_.stops(layer, entropy[i], predicted_[i], threshold_)) leaves[i] = 1;
        if (layer > rule_.first()) continue;
        if (leaves[i] != 0)
            predicted_[i] = layer;
        else if (layer == rule_.first())
            predicted_[i] = rule_.predict(entropy[i], threshold_);
    }
}

std::vector<std::int32_t> replay(Leave& leave, std::span<const float> entropy, std::size_t layers) {
    require(layers >= 1 && entropy.size() % layers == 0, "replay: entropy must be sentences x layers, got ",
            entropy.size(), " numbers for ", layers, " layers");
    const std::size_t sentences = entropy.size() / layers;
    std::vector<std::int32_t> exit(sentences, static_cast<std::int32_t>(layers));
    std::vector<std::uint8_t> leaves(sentences, 0);
    std::vector<float> column(sentences);
    for (std::size_t layer = 1; layer < layers; ++layer) {
        const std::vector<std::uint8_t> gone = leaves;
        for (std::size_t i = 0; i < sentences; ++i) column[i] = entropy[i * layers + layer - 1];
        leave.after(static_cast<int>(layer), column, leaves);
        for (std::size_t i = 0; i < sentences; ++i) {
            if (leaves[i] != gone[i]) exit[i] = static_cast<std::int32_t>(layer);
        }
    }
    return exit;
}

}  // namespace siliconbert
