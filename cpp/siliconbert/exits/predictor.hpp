// The exit predictor: from the entropy after one layer, a small network guesses those of the layers after it.
#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace siliconbert {

// Defaults: EdgeBERT's public notebook (Keras; batch 32 and Adam at 1e-3 are its defaults).
struct PredictorTraining {
    std::uint64_t seed = 0;
    int epochs = 3;
    std::size_t batch = 32;
    double learning_rate = 1e-3;
};

// Outputs = weight^T inputs + bias.
struct Dense {
    Eigen::MatrixXd weight;  // inputs x outputs
    Eigen::RowVectorXd bias;
};

// One input, four hidden layers of 64 with ReLU, a linear layer.
class Predictor {
 public:
    // entropy: sentences x layers, row-major. Inputs are those after layer `first`, targets those of layers
    // first + 1 .. layers - 1. Mean squared error, Adam; one thread, the same bits in every run.
    static Predictor train(std::span<const float> entropy, std::size_t layers, std::size_t first,
                           const PredictorTraining& training);

    std::size_t outputs() const { return static_cast<std::size_t>(dense_.back().bias.size()); }
    // One row of outputs for each input.
    std::vector<double> predict(std::span<const double> inputs) const;

 private:
    Predictor(std::size_t outputs, std::uint64_t seed);

    std::vector<Dense> dense_;
};

}  // namespace siliconbert
