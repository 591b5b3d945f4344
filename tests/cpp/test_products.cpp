#include <bit>
#include <cmath>
#include <cstdint>
#include <vector>

#include "back_ends.hpp"
#include "catch2.hpp"
#include "siliconbert/formats/adaptivfloat_quantizer.hpp"
#include "siliconbert/transformer/products.hpp"

using namespace siliconbert;

namespace {

constexpr std::size_t in = 192;
constexpr std::size_t out = 130;

// AdaptivFloat<8,4> values up to 2: exact in bf16.
std::vector<float> adaptivfloat_values(std::size_t count, std::uint32_t seed) {
    const AdaptivFloatQuantizer quantizer(fit_exponent({8, 4, AdaptivFloatVariant::algorithm1, 0}, 0));
    std::vector<float> values = random_values(count, seed);
    quantizer.quantize_in_place(values.data(), values.size());
    return values;
}

std::vector<std::uint16_t> as_bf16(const std::vector<float>& values) {
    std::vector<std::uint16_t> bits;
    for (const float value : values)
        bits.push_back(static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(value) >> 16));
    return bits;
}

// One block of rows through a product of the back end.
std::vector<float> product(const Products& products, Number number, const std::vector<float>& x,
                           const std::vector<float>& weight, const std::vector<float>& bias) {
    const OneThreadACall guard;
    const auto linear = products.linear({weight, bias, in, out, Activation::none, number});
    std::vector<float> y(row_block * out);
    const std::vector<std::uint16_t> bits = as_bf16(x);
    linear->apply(number == Number::bf16 ? static_cast<const void*>(bits.data()) : x.data(), y.data());
    return y;
}

struct Exact {
    double sum = 0;
    double magnitude = 0;  // sum of |a b|
};

Exact exact(const std::vector<float>& x, const std::vector<float>& weight, const std::vector<float>& bias,
            std::size_t row, std::size_t column) {
    Exact result{bias[column], std::abs(bias[column])};
    for (std::size_t k = 0; k < in; ++k) {
        const double term = static_cast<double>(x[row * in + k]) * weight[column * in + k];
        result.sum += term;
        result.magnitude += std::abs(term);
    }
    return result;
}

std::vector<Number> numbers(const Products& products) {
    if (products.fast_bf16()) return {Number::fp32, Number::bf16};
    return {Number::fp32};
}

}  // namespace

TEST_CASE("every sum of AdaptivFloat values lies within K 2^-23 sum|ab| of float64") {
    const std::vector<float> x = adaptivfloat_values(row_block * in, 1);
    const std::vector<float> weight = adaptivfloat_values(out * in, 2);
    const std::vector<float> bias = random_values(out, 3);
    for (const auto& products : back_ends()) {
        for (const Number number : numbers(*products)) {
            INFO(products->name() << (number == Number::bf16 ? " bf16" : " fp32"));
            const std::vector<float> y = product(*products, number, x, weight, bias);
            for (std::size_t row = 0; row < row_block; ++row) {
                for (std::size_t column = 0; column < out; ++column) {
                    const Exact wanted = exact(x, weight, bias, row, column);
                    const double bound = static_cast<double>(in) * 0x1p-23 * wanted.magnitude;
                    REQUIRE(std::abs(y[row * out + column] - wanted.sum) <= bound);
                }
            }
        }
    }
}

TEST_CASE("requantized products of two paths differ in at most 1 code of 1,000") {
    const std::vector<float> x = adaptivfloat_values(row_block * in, 4);
    const std::vector<float> weight = adaptivfloat_values(out * in, 5);
    const std::vector<float> bias = random_values(out, 6);
    const AdaptivFloat format = fit_exponent({8, 4, AdaptivFloatVariant::algorithm1, 0}, 5);
    const AdaptivFloatCoder coder(format);
    const std::vector<float> first = product(*back_ends().front(), Number::fp32, x, weight, bias);
    for (const auto& products : back_ends()) {
        for (const Number number : numbers(*products)) {
            INFO(products->name() << (number == Number::bf16 ? " bf16" : " fp32"));
            const std::vector<float> y = product(*products, number, x, weight, bias);
            std::size_t different = 0;
            for (std::size_t i = 0; i < y.size(); ++i)
                different += coder.encode(y[i]) != coder.encode(first[i]);
            CHECK(different * 1000 <= y.size());
        }
    }
}

TEST_CASE("a row's product has the same bits wherever it stands in its block and whatever stands beside it") {
    const std::vector<float> row = adaptivfloat_values(in, 7);
    const std::vector<float> weight = adaptivfloat_values(out * in, 8);
    const std::vector<float> bias = random_values(out, 9);
    for (const auto& products : back_ends()) {
        for (const Number number : numbers(*products)) {
            std::vector<float> alone(row_block * in);
            std::copy(row.begin(), row.end(), alone.begin());
            const std::vector<float> wanted = product(*products, number, alone, weight, bias);
            for (std::size_t at = 0; at < row_block; ++at) {
                std::vector<float> among = adaptivfloat_values(row_block * in, 10);
                std::copy(row.begin(), row.end(), among.begin() + static_cast<std::ptrdiff_t>(at * in));
                const std::vector<float> y = product(*products, number, among, weight, bias);
                INFO(products->name() << " row " << at);
                REQUIRE(std::equal(y.begin() + static_cast<std::ptrdiff_t>(at * out),
                                   y.begin() + static_cast<std::ptrdiff_t>((at + 1) * out), wanted.begin()));
            }
        }
    }
}

TEST_CASE("attention's products agree with a plain sum at every length and leave the rows beside alone") {
    constexpr std::size_t heads = 3;
    constexpr std::size_t width = 8;
    constexpr std::size_t stride = 3 * heads * width;
    for (const auto& products : back_ends()) {
        for (const std::size_t tokens : {1U, 2U, 5U, 17U, 40U}) {
            INFO(products->name() << " " << tokens << " tokens");
            const OneThreadACall guard;
            const auto attention = products->attention({tokens, tokens, heads, width, stride, Number::fp32});
            const std::vector<float> qkv = random_values(tokens * stride, 11);
            std::vector<float> scores(heads * tokens * tokens);
            attention->scores(qkv.data(), qkv.data() + heads * width, scores.data());
            std::vector<float> context((tokens + 1) * heads * width, 7.0F);
            attention->context(scores.data(), qkv.data() + 2 * heads * width, context.data());
            for (std::size_t h = 0; h < heads; ++h) {
                for (std::size_t i = 0; i < tokens; ++i) {
                    std::vector<double> wanted(width);
                    for (std::size_t j = 0; j < tokens; ++j) {
                        double score = 0;
                        for (std::size_t c = 0; c < width; ++c) {
                            score += static_cast<double>(qkv[i * stride + h * width + c]) *
                                     qkv[j * stride + (heads + h) * width + c];
                        }
                        REQUIRE(scores[(h * tokens + i) * tokens + j] == Approx(score).margin(1e-5));
                        for (std::size_t c = 0; c < width; ++c) {
                            wanted[c] += score * qkv[j * stride + (2 * heads + h) * width + c];
                        }
                    }
                    for (std::size_t c = 0; c < width; ++c) {
                        REQUIRE(context[i * heads * width + h * width + c] == Approx(wanted[c]).margin(1e-4));
                    }
                }
            }
            for (std::size_t c = 0; c < heads * width; ++c)
                REQUIRE(context[tokens * heads * width + c] == 7.0F);
        }
    }
}

TEST_CASE(
    "attention's bf16 products lie within rounding of float64 at every size and leave the rows beside "
    "alone") {
    constexpr std::size_t heads = 3;
    for (const auto& products : back_ends()) {
        if (!products->fast_bf16()) continue;
        for (const std::size_t width : {8U, 32U, 40U, 64U, 72U}) {
            for (const auto& [queries, keys] : std::vector<std::pair<std::size_t, std::size_t>>{{1, 1},
                                                                                                {2, 5},
                                                                                                {15, 16},
                                                                                                {16, 15},
                                                                                                {17, 17},
                                                                                                {25, 25},
                                                                                                {31, 33},
                                                                                                {32, 32},
                                                                                                {33, 64},
                                                                                                {65, 70},
                                                                                                {128, 130}}) {
                INFO(products->name() << " " << queries << " x " << keys << " x " << width);
                const OneThreadACall guard;
                const std::size_t stride = 3 * heads * width;
                const auto attention =
                    products->attention({queries, keys, heads, width, stride, Number::bf16});
                const std::vector<float> values = adaptivfloat_values(std::max(queries, keys) * stride, 11);
                const std::vector<std::uint16_t> qkv = as_bf16(values);
                std::vector<float> scores(heads * queries * keys + 1, 7.0F);
                attention->scores(qkv.data(), qkv.data() + heads * width, scores.data());
                CHECK(scores.back() == 7.0F);
                const std::vector<float> shares = adaptivfloat_values(heads * queries * keys, 12);
                std::vector<float> context((queries + 1) * heads * width, 7.0F);
                attention->context(as_bf16(shares).data(), qkv.data() + 2 * heads * width, context.data());
                for (std::size_t h = 0; h < heads; ++h) {
                    const auto at = [&](std::size_t part, std::size_t row, std::size_t c) {
                        return values[row * stride + (part * heads + h) * width + c];
                    };
                    for (std::size_t i = 0; i < queries; ++i) {
                        for (std::size_t j = 0; j < keys; ++j) {
                            double wanted = 0, magnitude = 0;
                            for (std::size_t c = 0; c < width; ++c) {
                                const double term = static_cast<double>(at(0, i, c)) * at(1, j, c);
                                wanted += term;
                                magnitude += std::abs(term);
                            }
                            const double error = scores[(h * queries + i) * keys + j] - wanted;
                            REQUIRE(std::abs(error) <= static_cast<double>(width) * 0x1p-23 * magnitude);
                        }
                        for (std::size_t c = 0; c < width; ++c) {
                            double wanted = 0, magnitude = 0;
                            for (std::size_t j = 0; j < keys; ++j) {
                                const double term =
                                    static_cast<double>(shares[(h * queries + i) * keys + j]) * at(2, j, c);
                                wanted += term;
                                magnitude += std::abs(term);
                            }
                            const double error = context[i * heads * width + h * width + c] - wanted;
                            REQUIRE(std::abs(error) <= static_cast<double>(keys) * 0x1p-23 * magnitude);
                        }
                    }
                }
                for (std::size_t c = 0; c < heads * width; ++c)
                    REQUIRE(context[queries * heads * width + c] == 7.0F);
            }
        }
    }
}

TEST_CASE("a library that is no back end is refused with the loader's reason") {
    CHECK_THROWS_WITH(open_onednn_products("no_such_library.so"), ContainsSubstring("no_such_library.so"));
}
