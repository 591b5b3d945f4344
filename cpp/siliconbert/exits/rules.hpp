// When a sentence leaves: EdgeBERT's conventional exit (Algorithm 1) and predicted exit (Algorithm 2).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "siliconbert/base/words.hpp"
#include "siliconbert/exits/lut.hpp"

namespace siliconbert {

// A rule without its threshold. A row is one sentence's entropies after layers 1, 2, ..., L.
class Rule {
 public:
    virtual ~Rule() = default;
    // The layer (1..L) after which the sentence leaves.
    virtual int leave(std::span<const float> row, double threshold) const = 0;
    // Every number at which the answer for this sentence can change as the threshold passes it.
    virtual std::vector<double> turning_points(std::span<const float> row) const = 0;
};

// Leaves at the first layer whose entropy is below the threshold, else after the last. An entropy that is NaN
// (faulty weights, no answer) is below nothing.
class EntropyRule final : public Rule {
 public:
    int leave(std::span<const float> row, double threshold) const override;
    std::vector<double> turning_points(std::span<const float> row) const override;
};

// Checks the entropy up to layer `first`; from the entropy there the table predicts the entropies of layers
// first + 1 .. L - 1, and the first one below the threshold (else the last) is the predicted exit.
class PredictionRule final : public Rule {
 public:
    // last_ramp: no later layer but L has an exit, so a later prediction runs all L; L - 1 means no such
    // limit. check_before: leave before the predicted layer where the entropy is below the threshold.
    PredictionRule(Lut lut, int layers, int first, int last_ramp, bool check_before);

    int leave(std::span<const float> row, double threshold) const override;
    std::vector<double> turning_points(std::span<const float> row) const override;

    int first() const { return first_; }
    int predict(double entropy, double threshold) const;  // the last layer where the entropy is NaN
    // Whether a sentence with that prediction (any number up to layer `first`) leaves after the layer.
    bool stops(int layer, float entropy, int predicted, double threshold) const;
    // Whether it looks at the entropies after this layer.
    bool checks(int layer) const { return layer <= first_ || (check_before_ && layer <= last_ramp_); }

 private:
    Lut lut_;
    int layers_;
    int first_;
    int last_ramp_;
    bool check_before_;
};

class ByEntropy final : public Leave {
 public:
    explicit ByEntropy(double threshold);
    void after(int layer, std::span<const float> entropy, std::span<std::uint8_t> leaves) override;

 private:
    double threshold_;
};

class ByPrediction final : public Leave {
 public:
    ByPrediction(PredictionRule rule, double threshold);
    void after(int layer, std::span<const float> entropy, std::span<std::uint8_t> leaves) override;
    bool reads(int layer) const override { return rule_.checks(layer); }
    // The predicted layer of each sentence; the exit layer where it left before the prediction.
    const std::vector<std::int32_t>& predicted() const { return predicted_; }

 private:
    PredictionRule rule_;
    double threshold_;
    std::vector<std::int32_t> predicted_;
};

// Exit layers (1..layers) of sentences whose entropies are known: sentences x layers, row-major.
std::vector<std::int32_t> replay(Leave& leave, std::span<const float> entropy, std::size_t layers);

}  // namespace siliconbert
