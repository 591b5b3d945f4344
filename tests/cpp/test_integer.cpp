#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <vector>

#include "back_ends.hpp"
#include "catch2.hpp"
#include "siliconbert/transformer/integer/float_steps.hpp"
#include "siliconbert/transformer/integer/kernels.hpp"
#include "siliconbert/transformer/integer/lookup.hpp"
#include "siliconbert/transformer/integer/products.hpp"

using namespace siliconbert;

namespace {

std::vector<std::shared_ptr<const IntegerProducts>> integer_back_ends() {
    std::vector<std::shared_ptr<const IntegerProducts>> all{portable_integer_products()};
#ifdef SILICONBERT_ONEDNN_PLUGIN
    back_ends();  // loads the library
    try {
        all.push_back(open_onednn_integer_products(SILICONBERT_ONEDNN_PLUGIN));
    } catch (const std::runtime_error& error) {
        // A processor without VNNI has only the portable one.
        REQUIRE(std::string(error.what()).find("neither VNNI nor AMX") != std::string::npos);
    }
#endif
    return all;
}

// Codes in lowest..highest, or only those two.
template <class Code>
std::vector<Code> random_codes(std::size_t count, std::uint32_t seed, int lowest, int highest,
                               bool extremes) {
    std::vector<Code> codes(count);
    const std::vector<float> values = random_values(count, seed);
    for (std::size_t i = 0; i < count; ++i) {
        const int span = highest - lowest + 1;
        int code = lowest + static_cast<int>((values[i] + 1) / 2 * static_cast<float>(span)) % span;
        if (extremes) code = values[i] < 0 ? lowest : highest;
        codes[i] = static_cast<Code>(code);
    }
    return codes;
}

}  // namespace

TEST_CASE("integer products are exact sums", "[integer]") {
    for (const auto& back_end : integer_back_ends()) {
        for (const bool extremes : {false, true}) {
            for (const auto& [in, out] :
                 {std::pair<std::size_t, std::size_t>{64, 256}, {51, 35}, {300, 601}}) {
                for (const std::size_t rows : {row_unit, 3 * row_unit, integer_row_block}) {
                    const auto x = random_codes<std::int8_t>(rows * in, 1, -127, 127, extremes);
                    const auto w = random_codes<std::int8_t>(out * in, 2, -127, 127, extremes);
                    const auto linear = back_end->linear(w, in, out);
                    bool equal = true;
                    for (std::size_t chunk = 0; chunk * column_chunk < out; ++chunk) {
                        const std::size_t columns = std::min(column_chunk, out - chunk * column_chunk);
                        std::vector<std::int32_t> sums(rows * columns);
                        linear->apply(x.data(), rows, chunk, sums.data());
                        for (std::size_t i = 0; i < rows; ++i) {
                            for (std::size_t j = 0; j < columns; ++j) {
                                const auto weight =
                                    w.begin() + static_cast<std::ptrdiff_t>((chunk * column_chunk + j) * in);
                                const auto row = x.begin() + static_cast<std::ptrdiff_t>(i * in);
                                const int sum =
                                    std::inner_product(row, row + static_cast<std::ptrdiff_t>(in), weight, 0);
                                equal = equal && sum == sums[i * columns + j];
                            }
                        }
                    }
                    INFO(back_end->name() << ", " << rows << " x " << in << " x " << out);
                    REQUIRE(equal);
                }
            }
        }
    }
}

TEST_CASE("attention's integer products are exact sums, of +-127 times 255 too", "[integer]") {
    const IntegerAttentionSpec spec{32, 3, 8, 72};
    for (const auto& back_end : integer_back_ends()) {
        const auto attention = back_end->attention(spec);
        for (const bool extremes : {false, true}) {
            const auto rows = random_codes<std::int8_t>(spec.tokens * spec.stride, 3, -127, 127, extremes);
            const auto shares = random_codes<std::uint8_t>(spec.heads * spec.tokens * spec.tokens, 4,
                                                           extremes ? 255 : 0, 255, extremes);
            const std::size_t width = spec.heads * spec.head_width;
            std::vector<std::int32_t> scores(spec.heads * spec.tokens * spec.tokens);
            std::vector<std::int32_t> context(spec.tokens * width);
            attention->scores(rows.data(), rows.data() + width, scores.data());
            attention->context(shares.data(), rows.data() + 2 * width, context.data());
            bool equal = true;
            for (std::size_t h = 0; h < spec.heads; ++h) {
                for (std::size_t i = 0; i < spec.tokens; ++i) {
                    for (std::size_t j = 0; j < spec.tokens; ++j) {
                        int sum = 0;
                        for (std::size_t d = 0; d < spec.head_width; ++d) {
                            const std::size_t at = h * spec.head_width + d;
                            sum += rows[i * spec.stride + at] * rows[j * spec.stride + width + at];
                        }
                        equal = equal && sum == scores[(h * spec.tokens + i) * spec.tokens + j];
                    }
                    for (std::size_t d = 0; d < spec.head_width; ++d) {
                        const std::size_t at = h * spec.head_width + d;
                        int sum = 0;
                        for (std::size_t j = 0; j < spec.tokens; ++j) {
                            sum += shares[(h * spec.tokens + i) * spec.tokens + j] *
                                   rows[j * spec.stride + 2 * width + at];
                        }
                        equal = equal && sum == context[i * width + at];
                    }
                }
            }
            INFO(back_end->name());
            REQUIRE(equal);
        }
    }
}

namespace {

std::vector<const IntegerKernels*> all_kernels() {
    std::vector<const IntegerKernels*> all{&portable_integer_kernels()};
    if (avx512_integer_kernels() != nullptr) all.push_back(avx512_integer_kernels());
    return all;
}

}  // namespace

TEST_CASE("requantization rounds half up and clamps", "[integer]") {
    const std::vector<std::int32_t> sums{-3, -1, 1, 3, 500, -500, 0};
    const std::vector<std::int32_t> bias{0, 0, 0, 0, 0, 0, 7};
    const std::vector<std::int32_t> half(7, 1 << 27);
    for (const IntegerKernels* kernels : all_kernels()) {
        std::vector<std::int8_t> out(7);
        kernels->requantize_rows(sums.data(), 1, 7, {bias.data(), half.data(), 100}, out.data(), 7);
        REQUIRE(out == std::vector<std::int8_t>{-1, 0, 1, 2, 100, -100, 4});
    }
}

TEST_CASE("a table replaces every byte, whatever their number", "[integer]") {
    std::array<std::uint8_t, 256> table{};
    CodeTable codes{};
    for (std::size_t i = 0; i < 256; ++i) {
        table[i] = static_cast<std::uint8_t>(i * 7 + 3);
        codes[i] = static_cast<std::int8_t>(table[i]);
    }
    for (const std::size_t count : {1, 63, 64, 65, 1000}) {
        auto values = random_codes<std::uint8_t>(count + 1, 5, 0, 255, false);
        const auto before = values;
        look_up(table, values.data(), count);
        std::vector<std::int8_t> signs(before.begin(), before.end());
        look_up(codes, signs.data(), count);
        bool equal = values[count] == before[count];
        for (std::size_t i = 0; i < count; ++i) {
            equal = equal && values[i] == table[before[i]];
            equal = equal && static_cast<std::uint8_t>(signs[i]) == table[before[i] ^ 128U];
        }
        REQUIRE(equal);
    }
}

TEST_CASE("an integer softmax of equal scores is even, and zero behind the sentence", "[integer]") {
    IntegerSoftmax softmax{1 << 27, {}, 127, 255};
    for (std::size_t d = 0; d < 256; ++d) {
        softmax.exponentials[d] =
            static_cast<std::uint8_t>(std::lround(255 * std::exp(-static_cast<double>(d) / 10)));
    }
    for (const IntegerKernels* kernels : all_kernels()) {
        const std::vector<std::int32_t> sums(2 * 16, 12);
        std::vector<std::uint8_t> out(2 * 16, 99);
        kernels->softmax_rows(sums.data(), 2, 5, 16, softmax, out.data());
        for (std::size_t j = 0; j < 32; ++j) REQUIRE(out[j] == (j % 16 < 5 ? 51 : 0));
    }
}

TEST_CASE("an integer layer norm is near the layer norm", "[integer]") {
    const std::size_t columns = 75;
    const auto x = random_codes<std::int8_t>(4 * columns, 6, -127, 127, false);
    const auto y = random_codes<std::int8_t>(4 * columns, 7, -127, 127, false);
    // Scales 2 and 1 of the inputs, 1 of the gain (64 / 2^6), 25 of the output.
    const IntegerNorm norm{5461, 10922, std::vector<std::int32_t>(columns, 64),
                           std::vector<std::int32_t>(columns, 0), 25 << (28 - 16)};
    std::vector<std::int8_t> out(4 * columns);
    portable_integer_kernels().layer_norm_rows(x.data(), y.data(), 4, norm, 127, out.data());
    for (std::size_t i = 0; i < 4; ++i) {
        std::vector<double> values(columns);
        for (std::size_t j = 0; j < columns; ++j) values[j] = x[i * columns + j] / 2.0 + y[i * columns + j];
        const double mean = std::accumulate(values.begin(), values.end(), 0.0) / columns;
        double squares = 0;
        for (const double value : values) squares += (value - mean) * (value - mean);
        for (std::size_t j = 0; j < columns; ++j) {
            const double exact = 25 * (values[j] - mean) / std::sqrt(squares / columns);
            REQUIRE(std::abs(out[i * columns + j] - exact) < 0.6);
        }
    }
}

TEST_CASE("all kernels give the same integers", "[integer]") {
    const IntegerKernels* fast = avx512_integer_kernels();
    if (fast == nullptr) return;
    const IntegerKernels& plain = portable_integer_kernels();
    IntegerSoftmax softmax{1 << 20, {}, 127, 255};
    for (std::size_t d = 0; d < 256; ++d) softmax.exponentials[d] = static_cast<std::uint8_t>(255 - d);
    for (const std::size_t columns : {1, 15, 16, 17, 63, 64, 65, 130, 768}) {
        const std::size_t rows = 3;
        const std::size_t stride = (columns + 15) / 16 * 16;
        std::vector<std::int32_t> sums;
        for (const float value : random_values(rows * stride, 8)) {
            sums.push_back(static_cast<std::int32_t>(value * 67108864));
        }
        const std::vector<std::int32_t> bias(columns, 12345);
        std::vector<std::int32_t> multiplier;
        for (std::size_t j = 0; j < columns; ++j)
            multiplier.push_back(static_cast<std::int32_t>(300 + 7 * j));
        INFO(columns << " columns");

        std::vector<std::int8_t> codes(rows * stride, 77);
        auto expected_codes = codes;
        for (const int limit : {127, 7}) {
            fast->requantize_rows(sums.data(), rows, columns, {bias.data(), multiplier.data(), limit},
                                  codes.data(), stride);
            plain.requantize_rows(sums.data(), rows, columns, {bias.data(), multiplier.data(), limit},
                                  expected_codes.data(), stride);
            REQUIRE(codes == expected_codes);
        }

        for (const int shift : {0, 6, 12}) {
            softmax.multiplier = 300 << shift;
            std::vector<std::uint8_t> shares(rows * stride, 99);
            auto expected = shares;
            fast->softmax_rows(sums.data(), rows, columns, stride, softmax, shares.data());
            plain.softmax_rows(sums.data(), rows, columns, stride, softmax, expected.data());
            REQUIRE(shares == expected);
        }

        const auto x = random_codes<std::int8_t>(rows * columns, 9, -127, 127, columns == 64);
        const auto y = random_codes<std::int8_t>(rows * columns, 10, -127, 127, false);
        const IntegerNorm norm{16000, 384, std::vector<std::int32_t>(columns, -101),
                               std::vector<std::int32_t>(columns, 54321), 1 << 17};
        std::vector<std::int8_t> out(rows * columns);
        auto expected = out;
        fast->layer_norm_rows(x.data(), y.data(), rows, norm, 127, out.data());
        plain.layer_norm_rows(x.data(), y.data(), rows, norm, 127, expected.data());
        REQUIRE(out == expected);
    }
}

TEST_CASE("lane sums keep negative zero and the rest of a row", "[integer]") {
    const std::vector<float> zeros(32, -0.0F);
    REQUIRE(std::signbit(lane_total(zeros.data(), 32)));
    const std::vector<float> ones(37, 1.0F);
    REQUIRE(lane_total(ones.data(), 37) == 37);
    REQUIRE(lane_dot(ones.data(), ones.data(), 5) == 5);
}
