#include <cmath>
#include <limits>

#include "catch2.hpp"
#include "siliconbert/base/philox.hpp"
#include "siliconbert/formats/adaptivfloat_quantizer.hpp"
#include "siliconbert/formats/format.hpp"

using namespace siliconbert;

namespace {

constexpr auto algorithm1 = AdaptivFloatVariant::algorithm1;
constexpr auto author_2022 = AdaptivFloatVariant::author_2022;
constexpr auto edgebert_rtl = AdaptivFloatVariant::edgebert_rtl;

// Every shape of every variant, at its lowest, its highest and a middle bias.
std::vector<AdaptivFloat> all_formats(int widest) {
    std::vector<AdaptivFloat> formats;
    for (int variant = 0; variant < 3; ++variant) {
        const auto which = static_cast<AdaptivFloatVariant>(variant);
        for (int width = which == author_2022 ? 3 : 2; width <= widest; ++width) {
            for (int bits = which == author_2022 ? 2 : 1; bits <= std::min(8, width - 1); ++bits) {
                const AdaptivFloat format{width, bits, which, 0};
                for (const int bias : {format.lowest_bias(), -100, -15, format.highest_bias()}) {
                    if (bias <= format.highest_bias()) formats.push_back({width, bits, which, bias});
                }
            }
        }
    }
    for (int bias = -10; bias <= -3; ++bias) formats.push_back({8, 3, edgebert_rtl, bias});
    return formats;
}

// Values of a format, the middles between them, and the float32 numbers on both sides of each.
std::vector<float> probes(const AdaptivFloat& format) {
    std::vector<float> values =
        values_of_codes({.family = format, .parameters = {static_cast<std::uint8_t>(format.bias)}});
    std::sort(values.begin(), values.end());
    const std::size_t count = values.size();
    for (std::size_t i = 1; i < count; ++i) values.push_back(values[i - 1] / 2 + values[i] / 2);
    const float most = std::numeric_limits<float>::max();
    for (const float special : {0.0F, -0.0F, most, -most, 0x1p-149F, -0x1p-149F, 0x1p-126F, 1.0F}) {
        values.push_back(special);
    }
    const std::size_t centres = values.size();
    for (std::size_t i = 0; i < centres; ++i) {
        if (std::fabs(values[i]) == most) continue;
        values.push_back(std::nextafter(values[i], most));
        values.push_back(std::nextafter(values[i], -most));
    }
    return values;
}

std::uint32_t bits(float value) { return std::bit_cast<std::uint32_t>(value); }

}  // namespace

TEST_CASE("decoding then encoding returns the code, or its equal-valued twin") {
    for (const AdaptivFloat& format : all_formats(12)) {
        const AdaptivFloatCoder with(format);
        for (std::uint32_t code = 0; code < 1U << format.width; ++code) {
            const float value = with.decode(code);
            REQUIRE(std::isfinite(value));
            REQUIRE(bits(with.decode(with.encode(value))) == bits(value));
            if (format.variant == algorithm1) REQUIRE(with.encode(value) == code);
        }
    }
}

TEST_CASE("rounding is monotone and idempotent, and picks a neighbour") {
    for (const AdaptivFloat& format : all_formats(9)) {
        const AdaptivFloatCoder with(format);
        std::vector<float> values = probes(format);
        std::sort(values.begin(), values.end());
        float before = -std::numeric_limits<float>::infinity();
        for (const float value : values) {
            const float rounded = with.decode(with.encode(value));
            REQUIRE(rounded >= before);
            REQUIRE(bits(with.decode(with.encode(rounded))) == bits(rounded));
            before = rounded;
        }
    }
}

TEST_CASE("the quantizer gives the bits of encode and decode") {
    for (const AdaptivFloat& format : all_formats(10)) {
        const AdaptivFloatCoder with(format);
        const AdaptivFloatQuantizer quantizer(format);
        const std::vector<float> values = probes(format);
        std::vector<float> rounded = values;
        quantizer.quantize_in_place(rounded.data(), rounded.size());
        std::vector<std::uint16_t> halves(values.size());
        const bool bf16 = quantizer.exact_in_bf16();
        if (bf16) quantizer.quantize_to_bf16(values.data(), halves.data(), values.size());
        for (std::size_t i = 0; i < values.size(); ++i) {
            const std::uint32_t wanted = bits(with.decode(with.encode(values[i])));
            REQUIRE(bits(rounded[i]) == wanted);
            if (bf16) REQUIRE(std::uint32_t{halves[i]} << 16 == wanted);
        }
    }
}

TEST_CASE("the quantizer gives the same bits on a million random floats") {
    const AdaptivFloat format{8, 4, algorithm1, -15};
    const AdaptivFloatCoder with(format);
    std::vector<float> values;
    for (std::uint32_t i = 0; i < 250000; ++i) {
        for (const std::uint32_t word : philox({i, 0, 0, 0}, {1, 2})) {
            if (std::isfinite(std::bit_cast<float>(word))) values.push_back(std::bit_cast<float>(word));
        }
    }
    std::vector<float> rounded(values.size());
    AdaptivFloatQuantizer(format).quantize(values.data(), rounded.data(), values.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
        REQUIRE(bits(rounded[i]) == bits(with.decode(with.encode(values[i]))));
    }
}

TEST_CASE("operands of a network that are NaN stay so, infinite ones saturate") {
    const float infinity = std::numeric_limits<float>::infinity();
    for (const AdaptivFloat& format : all_formats(8)) {
        const AdaptivFloatQuantizer quantizer(format);
        const std::vector<float> in{std::nanf(""), -std::nanf(""), infinity, -infinity, 1.0F};
        std::vector<float> out(5);
        quantizer.quantize(in.data(), out.data(), 5);
        const float most = std::numeric_limits<float>::max();
        REQUIRE((std::isnan(out[0]) && std::isnan(out[1])));
        REQUIRE(out[2] == quantizer.decode(quantizer.encode(most)));
        REQUIRE(out[3] == quantizer.decode(quantizer.encode(-most)));
        if (!quantizer.exact_in_bf16()) continue;
        std::vector<std::uint16_t> half(5);
        quantizer.quantize_to_bf16(in.data(), half.data(), 5);
        for (std::size_t i = 0; i < 5; ++i) {
            const float value = std::bit_cast<float>(std::uint32_t{half[i]} << 16);
            REQUIRE((std::isnan(value) || value == out[i]));
            REQUIRE(std::isnan(value) == (i < 2));
        }
    }
}

TEST_CASE("bf16 is refused where it would round") {
    std::uint16_t out = 0;
    const float in = 1;
    const AdaptivFloatQuantizer quantizer({16, 5, algorithm1, -31});
    CHECK_FALSE(quantizer.exact_in_bf16());
    CHECK_THROWS_WITH(quantizer.quantize_to_bf16(&in, &out, 1), ContainsSubstring("got 10"));
}

TEST_CASE("any byte of bias gives a format, its own byte the same one") {
    for (const AdaptivFloat& format : all_formats(9)) {
        const auto own = static_cast<std::uint8_t>(format.bias);
        CHECK(with_bias(format, {&own, 1}) == format);
        for (int byte = 0; byte < 256; ++byte) {
            const auto stored = static_cast<std::uint8_t>(byte);
            CHECK_NOTHROW(check(with_bias(format, {&stored, 1})));
        }
    }
}

TEST_CASE("shapes that are no format are refused") {
    CHECK_THROWS_WITH(check({17, 4, algorithm1, 0}), ContainsSubstring("width must be in 2..16, got 17"));
    CHECK_THROWS_WITH(check({1, 1, algorithm1, 0}), ContainsSubstring("got 1"));
    CHECK_THROWS_WITH(check({8, 8, algorithm1, 0}), ContainsSubstring("exponent_bits must be in 1..7"));
    CHECK_THROWS_WITH(check({8, 1, author_2022, 0}), ContainsSubstring("exponent_bits must be in 2..7"));
    CHECK_THROWS_WITH(check({8, 4, edgebert_rtl, -5}), ContainsSubstring("width 8 and exponent_bits 3"));
    CHECK_THROWS_WITH(check({8, 3, edgebert_rtl, -2}), ContainsSubstring("bias must be in -10..-3"));
    CHECK_THROWS_WITH(adaptivfloat_variant("b"), ContainsSubstring("algorithm1, author-2020"));
}
