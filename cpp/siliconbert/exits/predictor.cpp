#include "siliconbert/exits/predictor.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <utility>

#include "siliconbert/base/check.hpp"
#include "siliconbert/base/parallel.hpp"
#include "siliconbert/base/philox.hpp"

namespace siliconbert {

namespace {

using Eigen::Index;
using Eigen::MatrixXd;

constexpr Index kHidden = 64;  // EdgeBERT, Sec. 5.1: four hidden layers of 64 cells
constexpr int kDepth = 5;

// Adam's decays and Keras' epsilon (D. Kingma, J. Ba, ICLR 2015, Algorithm 1; Keras 2 defaults).
constexpr double kFirstDecay = 0.9;
constexpr double kSecondDecay = 0.999;
constexpr double kEpsilon = 1e-7;

// Glorot's uniform range (AISTATS 2010, Eq. 16), zero biases: Keras' defaults.
Dense draw_dense(Index inputs, Index outputs, std::uint64_t seed, int number) {
    const Draws draws(seed, Stream::predictor_weights, "predictor", "layer " + std::to_string(number), 0);
    const double limit = std::sqrt(6.0 / static_cast<double>(inputs + outputs));
    Dense dense{MatrixXd(inputs, outputs), Eigen::RowVectorXd::Zero(outputs)};
    for (Index i = 0; i < inputs; ++i) {
        for (Index o = 0; o < outputs; ++o) {
            const auto word = draws(static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(o));
            dense.weight(i, o) = limit * (2 * uniform(word[0], word[1]) - 1);
        }
    }
    return dense;
}

// Fisher and Yates, the epoch as the trial of the address.
std::vector<std::size_t> draw_order(std::size_t count, std::uint64_t seed, int epoch) {
    const Draws draws(seed, Stream::predictor_order, "predictor", "order", static_cast<std::uint64_t>(epoch));
    std::vector<std::size_t> order(count);
    std::iota(order.begin(), order.end(), std::size_t{0});
    for (std::size_t i = count; i-- > 1;) {
        const auto word = draws(static_cast<std::uint32_t>(i), 0);
        const double share = 1 - uniform(word[0], word[1]);  // [0, 1)
        std::swap(order[i], order[static_cast<std::size_t>(share * static_cast<double>(i + 1))]);
    }
    return order;
}

// Inputs of every dense layer, then the outputs of the last.
std::vector<MatrixXd> forward(const std::vector<Dense>& network, MatrixXd inputs) {
    std::vector<MatrixXd> values{std::move(inputs)};
    for (const Dense& dense : network) {
        MatrixXd next = (values.back() * dense.weight).rowwise() + dense.bias;
        if (&dense != &network.back()) next = next.cwiseMax(0.0);
        values.push_back(std::move(next));
    }
    return values;
}

// Gradients of the mean squared error over the batch and its outputs.
std::vector<Dense> backward(const std::vector<Dense>& network, const std::vector<MatrixXd>& values,
                            const MatrixXd& targets) {
    std::vector<Dense> gradients(network.size());
    MatrixXd error = (values.back() - targets) * (2.0 / static_cast<double>(targets.size()));
    for (std::size_t d = network.size(); d-- > 0;) {
        gradients[d] = {values[d].transpose() * error, error.colwise().sum()};
        if (d == 0) break;
        const MatrixXd on = (values[d].array() > 0).cast<double>();
        error = (error * network[d].weight.transpose()).cwiseProduct(on);
    }
    return gradients;
}

class Adam {
 public:
    Adam(const std::vector<Dense>& network, double rate) : rate_(rate), first_(network), second_(network) {
        for (auto* moments : {&first_, &second_}) {
            for (Dense& dense : *moments) {
                dense.weight.setZero();
                dense.bias.setZero();
            }
        }
    }

    void step(std::vector<Dense>& network, const std::vector<Dense>& gradients) {
        first_power_ *= kFirstDecay;
        second_power_ *= kSecondDecay;
        const double rate = rate_ * std::sqrt(1 - second_power_) / (1 - first_power_);
        for (std::size_t d = 0; d < network.size(); ++d) {
            move(network[d].weight, gradients[d].weight, first_[d].weight, second_[d].weight, rate);
            move(network[d].bias, gradients[d].bias, first_[d].bias, second_[d].bias, rate);
        }
    }

 private:
    template <class Values>
    static void move(Values& value, const Values& gradient, Values& first, Values& second, double rate) {
        first = kFirstDecay * first + (1 - kFirstDecay) * gradient;
        second = kSecondDecay * second + (1 - kSecondDecay) * gradient.cwiseAbs2();
        value.array() -= rate * first.array() / (second.array().sqrt() + kEpsilon);
    }

    double rate_;
    double first_power_ = 1;
    double second_power_ = 1;
    std::vector<Dense> first_;
    std::vector<Dense> second_;
};

void check_training(std::span<const float> entropy, std::size_t layers, std::size_t first,
                    const PredictorTraining& training) {
    require(layers >= 3 && !entropy.empty() && entropy.size() % layers == 0,
            "Predictor.train: entropy must be sentences x layers with at least 3 layers, got ",
            entropy.size(), " numbers for ", layers, " layers");
    require_finite(entropy, "Predictor.train", "entropy");
    require(first >= 1 && first < layers - 1, "Predictor.train: first must be in 1..", layers - 2, ", got ",
            first);
    require(training.epochs >= 1, "Predictor.train: epochs must be at least 1, got ", training.epochs);
    require(training.batch >= 1, "Predictor.train: batch must be at least 1, got ", training.batch);
    require(training.learning_rate > 0, "Predictor.train: learning_rate must be positive, got ",
            training.learning_rate);
}

}  // namespace

Predictor::Predictor(std::size_t outputs, std::uint64_t seed) {
    for (int d = 0; d < kDepth; ++d) {
        const Index in = d == 0 ? 1 : kHidden;
        const Index out = d == kDepth - 1 ? static_cast<Index>(outputs) : kHidden;
        dense_.push_back(draw_dense(in, out, seed, d));
    }
}

Predictor Predictor::train(std::span<const float> entropy, std::size_t layers, std::size_t first,
                           const PredictorTraining& training) {
    check_training(entropy, layers, first, training);
    const OneThreadACall one_thread;
    using RowMajor = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    const auto sentences = static_cast<Index>(entropy.size() / layers);
    const MatrixXd all =
        Eigen::Map<const RowMajor>(entropy.data(), sentences, static_cast<Index>(layers)).cast<double>();
    const auto input = static_cast<Index>(first) - 1;
    const auto outputs = static_cast<Index>(layers - 1 - first);
    Predictor predictor(static_cast<std::size_t>(outputs), training.seed);
    Adam adam(predictor.dense_, training.learning_rate);
    for (int epoch = 0; epoch < training.epochs; ++epoch) {
        const std::vector<std::size_t> order = draw_order(entropy.size() / layers, training.seed, epoch);
        for (std::size_t at = 0; at < order.size(); at += training.batch) {
            const std::vector<std::size_t> rows(
                order.begin() + static_cast<std::ptrdiff_t>(at),
                order.begin() + static_cast<std::ptrdiff_t>(std::min(order.size(), at + training.batch)));
            const MatrixXd batch = all(rows, Eigen::all);
            const auto values = forward(predictor.dense_, batch.col(input));
            adam.step(predictor.dense_,
                      backward(predictor.dense_, values, batch.middleCols(input + 1, outputs)));
        }
    }
    return predictor;
}

std::vector<double> Predictor::predict(std::span<const double> inputs) const {
    const OneThreadACall one_thread;
    const MatrixXd column =
        Eigen::Map<const Eigen::VectorXd>(inputs.data(), static_cast<Index>(inputs.size()));
    const MatrixXd by_input =
        forward(dense_, column).back().transpose();  // column-major: one input's outputs together
    return {by_input.data(), by_input.data() + by_input.size()};
}

}  // namespace siliconbert
