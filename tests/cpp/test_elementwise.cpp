#include <cmath>
#include <vector>

#include "back_ends.hpp"
#include "catch2.hpp"
#include "siliconbert/transformer/elementwise.hpp"

using namespace siliconbert;

namespace {

double exact(Activation activation, double x) {
    switch (activation) {
        case Activation::none:
            return x;
        case Activation::relu:
            return std::max(x, 0.0);
        case Activation::gelu:
            return 0.5 * x * (1 + std::erf(x / std::sqrt(2.0)));
        case Activation::gelu_new: {
            return 0.5 * x * (1 + std::tanh(std::sqrt(2 / std::acos(-1.0)) * (x + 0.044715 * x * x * x)));
        }
        case Activation::tanh:
            return std::tanh(x);
    }
    return 0;
}

}  // namespace

TEST_CASE("activations lie within the stated error of the exact functions") {
    std::vector<float> x;
    for (float v = -30; v <= 30; v += 0.0137F) x.push_back(v);
    x.insert(x.end(), {0.0F, -0.0F, 1e-30F, -1e30F, 1e30F});
    const std::vector<float> bias(x.size(), 0.0F);
    for (const Activation activation :
         {Activation::none, Activation::relu, Activation::gelu, Activation::gelu_new, Activation::tanh}) {
        std::vector<float> y = x;
        bias_activation_rows(y.data(), bias.data(), 1, y.size(), activation);
        for (std::size_t i = 0; i < x.size(); ++i) {
            const double wanted = exact(activation, x[i]);
            REQUIRE(std::abs(y[i] - wanted) <= 5e-7 * std::max(1.0, std::abs(wanted)));
        }
    }
}

TEST_CASE("softmax of any row length is the exact one within 3e-6") {
    for (const std::size_t columns : {1U, 2U, 7U, 15U, 16U, 17U, 25U, 32U, 33U, 48U, 49U, 64U, 65U, 512U}) {
        std::vector<float> values = random_values(3 * columns, 5);
        for (float& value : values) value *= 20;
        const std::vector<float> before = values;
        softmax_rows(values.data(), 3, columns, 0.5F);
        for (std::size_t row = 0; row < 3; ++row) {
            double sum = 0;
            for (std::size_t j = 0; j < columns; ++j) sum += std::exp(0.5 * before[row * columns + j]);
            for (std::size_t j = 0; j < columns; ++j) {
                const double wanted = std::exp(0.5 * before[row * columns + j]) / sum;
                REQUIRE(values[row * columns + j] == Approx(wanted).epsilon(3e-6));
            }
        }
    }
}

TEST_CASE("layer norm with a residual gives rows of mean 0 and variance 1 before gain and shift") {
    constexpr std::size_t columns = 96;
    const std::vector<float> x = random_values(2 * columns, 1);
    const std::vector<float> residual = random_values(2 * columns, 2);
    const std::vector<float> gain = random_values(columns, 3);
    const std::vector<float> shift = random_values(columns, 4);
    std::vector<float> out(x);
    layer_norm_rows(out.data(), residual.data(), gain.data(), shift.data(), out.data(), 2, columns, 1e-12F);
    for (std::size_t row = 0; row < 2; ++row) {
        double mean = 0;
        double square = 0;
        for (std::size_t j = 0; j < columns; ++j) {
            const double sum = static_cast<double>(x[row * columns + j]) + residual[row * columns + j];
            mean += sum / columns;
            square += sum * sum / columns;
        }
        const double deviation = std::sqrt(square - mean * mean);
        for (std::size_t j = 0; j < columns; ++j) {
            const double sum = static_cast<double>(x[row * columns + j]) + residual[row * columns + j];
            REQUIRE(out[row * columns + j] ==
                    Approx((sum - mean) / deviation * gain[j] + shift[j]).margin(2e-6));
        }
    }
}

TEST_CASE("max_abs finds a negative extreme at any place") {
    for (std::size_t at = 0; at < 37; ++at) {
        std::vector<float> values(37, 0.25F);
        values[at] = -3;
        CHECK(max_abs(values.data(), values.size()) == 3);
    }
    CHECK(max_abs(nullptr, 0) == 0);
}

TEST_CASE("a causal softmax is that of the keys up to the query, and 0 after it") {
    constexpr std::size_t heads = 2;
    constexpr std::size_t tokens = 9;
    const std::vector<float> before = random_values(heads * tokens * tokens, 6);
    std::vector<float> values = before;
    causal_softmax_rows(values.data(), heads, tokens, 0.7F);
    for (std::size_t i = 0; i < heads * tokens; ++i) {
        std::vector<float> row(before.begin() + static_cast<long>(i * tokens),
                               before.begin() + static_cast<long>(i * tokens + i % tokens + 1));
        softmax_rows(row.data(), 1, row.size(), 0.7F);
        row.resize(tokens, 0.0F);
        REQUIRE(std::equal(row.begin(), row.end(), values.begin() + static_cast<long>(i * tokens)));
    }
}

TEST_CASE("cross entropy is the exact one within 1e-5") {
    for (const std::size_t columns : {1U, 3U, 40U, 14362U}) {
        std::vector<float> row = random_values(columns, 7);
        for (float& value : row) value *= 10;
        double sum = 0;
        for (const float value : row) sum += std::exp(static_cast<double>(value));
        const double wanted = std::log(sum) - static_cast<double>(row[columns / 2]);
        REQUIRE(std::abs(cross_entropy(row.data(), columns, columns / 2) - wanted) < 1e-5 * (1 + wanted));
    }
}

TEST_CASE("the largest value is found, the first of equal ones", "[elementwise]") {
    std::vector<float> values(1003, -2.0F);
    values[17] = values[900] = 3.0F;
    REQUIRE(largest_place(values.data(), values.size()) == 17);
    REQUIRE(largest_place(values.data(), 1) == 0);
}
