#include <cmath>
#include <limits>

#include "catch2.hpp"
#include "siliconbert/exits/entropy.hpp"
#include "siliconbert/exits/patience.hpp"
#include "siliconbert/exits/predictor.hpp"
#include "siliconbert/exits/rules.hpp"
#include "siliconbert/exits/threshold.hpp"

using namespace siliconbert;

namespace {

// Below 0.1 the table expects the next layer, of layers 2..4, to be sure at once; else only layer 4.
Lut lut() { return Lut({0.0, 0.2}, {0.1, 0.1, 0.1, 0.9, 0.9, 0.3}); }

// Three sentences, five layers.
const std::vector<float> kEntropy{0.05F, 0.1F, 0.2F, 0.1F, 0.1F,  //
                                  0.50F, 0.6F, 0.3F, 0.5F, 0.1F,  //
                                  0.60F, 0.6F, 0.6F, 0.6F, 0.6F};

}  // namespace

TEST_CASE("entropy neither overflows nor cancels") {
    const std::vector<float> even{700.0F, 700.0F};
    const std::vector<float> sure{0.0F, -80.0F};
    CHECK(entropy(even) == Approx(std::log(2.0)));
    CHECK(std::isnan(entropy(std::vector<float>{1})));
    CHECK(entropy(sure) / std::exp(-80.0) == Approx(81));  // p = e^-80: p (1 - ln p)
}

TEST_CASE("doubt neither overflows nor cancels") {
    CHECK(doubt(std::vector<float>{700.0F, 700.0F, 700.0F, 700.0F}) == Approx(0.75));
    CHECK(doubt(std::vector<float>{0.0F, -80.0F}) / std::exp(-80.0) == Approx(1));
    CHECK(std::isnan(doubt(std::vector<float>{0.0F, std::numeric_limits<float>::infinity()})));
}

TEST_CASE("patience counts layers that agree with the one before") {
    const std::vector<std::int32_t> answers{0,  0,  0,  1, 1,  //
                                            0,  1,  0,  1, 1,  //
                                            -1, -1, -1, 2, 2};
    CHECK(by_patience(answers, 5, 1) == std::vector<std::int32_t>{2, 5, 5});
    CHECK(by_patience(answers, 5, 2) == std::vector<std::int32_t>{3, 5, 5});
    CHECK(by_patience(answers, 5, 9) == std::vector<std::int32_t>{5, 5, 5});
    CHECK_THROWS_AS(by_patience(answers, 5, 0), std::invalid_argument);
}

TEST_CASE("the nearest row answers, the lower one of two") {
    CHECK(lut().nearest(-1)[0] == 0.1);
    CHECK(lut().nearest(0.1)[0] == 0.1);
    CHECK(lut().nearest(0.11)[0] == 0.9);
    CHECK(lut().nearest(9)[0] == 0.9);
}

TEST_CASE("conventional exits") {
    ByEntropy leave(0.35);
    CHECK(replay(leave, kEntropy, 5) == std::vector<std::int32_t>{1, 3, 5});
    ByEntropy strict(0.05F);
    CHECK(replay(strict, kEntropy, 5)[0] == 5);
}

TEST_CASE("predicted exits, early checks, and the last exit before the end") {
    ByPrediction early(PredictionRule(lut(), 5, 1, 4, true), 0.35);
    CHECK(replay(early, kEntropy, 5) == std::vector<std::int32_t>{1, 3, 4});
    CHECK(early.predicted() == std::vector<std::int32_t>{1, 4, 4});
    ByPrediction late(PredictionRule(lut(), 5, 1, 3, false), 0.35);
    CHECK(replay(late, kEntropy, 5) == std::vector<std::int32_t>{1, 5, 5});
    CHECK(late.predicted() == std::vector<std::int32_t>{1, 5, 5});
}

TEST_CASE("one sentence's exit is what the batch gives") {
    for (const double threshold : {0.0, 0.1, 0.3, 0.55, 1.0}) {
        const PredictionRule rule(lut(), 5, 1, 4, true);
        ByPrediction leave(rule, threshold);
        const auto batch = replay(leave, kEntropy, 5);
        for (std::size_t i = 0; i < 3; ++i) {
            CHECK(rule.leave(std::span(kEntropy).subspan(5 * i, 5), threshold) == batch[i]);
        }
    }
}

TEST_CASE("the largest threshold within a loss, worked by hand") {
    // Right only from layer 3 on: the first sentence is lost above 0.05 (it leaves at layer 1 instead of 5),
    // the second above 0.5, the third above 0.6 (at the float values of these numbers).
    const std::vector<std::uint8_t> correct{0, 0, 1, 1, 1, 0, 0, 1, 1, 1, 0, 0, 1, 1, 1};
    const EntropyRule rule;
    CHECK(largest_threshold(rule, kEntropy, correct, 5, 0) == 0.05F);
    CHECK(largest_threshold(rule, kEntropy, correct, 5, 1) == 0.5F);
    CHECK(largest_threshold(rule, kEntropy, correct, 5, 2.9) == 0.6F);
    CHECK(largest_threshold(rule, kEntropy, correct, 5, 3) == std::nextafter(double{0.6F}, 1.0));
}

TEST_CASE("no threshold serves where the last exit is worse than the last layer") {
    const std::vector<std::uint8_t> correct{0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1};
    CHECK(std::isnan(largest_threshold(PredictionRule(lut(), 5, 1, 4, true), kEntropy, correct, 5, 1)));
}

TEST_CASE("the predictor trains, repeats and keeps its shape") {
    const Predictor predictor = Predictor::train(kEntropy, 5, 1, {});
    CHECK(predictor.outputs() == 3);
    const std::vector<double> at{0.1, 0.6};
    CHECK(predictor.predict(at).size() == 6);
    CHECK(predictor.predict(at) == Predictor::train(kEntropy, 5, 1, {}).predict(at));
}
