#include "siliconbert/formats/adaptivfloat_quantizer.hpp"

#include <cmath>

#include "siliconbert/base/check.hpp"
#include "siliconbert/base/clones.hpp"

namespace siliconbert {

namespace {

std::int32_t magnitude_bits(float value) { return std::bit_cast<std::int32_t>(value) & 0x7fffffff; }

AdaptivFloatRounding rounding(const AdaptivFloat& format, const AdaptivFloatCoder& coder) {
    const std::int32_t shift = 23 - format.mantissa_bits();
    const bool author = format.variant == AdaptivFloatVariant::author_2022;
    const std::uint32_t first = author ? std::uint32_t{1} << format.mantissa_bits() : 1;
    const std::uint32_t last = (std::uint32_t{1} << (format.width - 1)) - 1;
    const float smallest = coder.decode(first);
    const std::int32_t half = std::int32_t{1} << (shift - 1);
    const bool has_mantissa = format.mantissa_bits() > 0;  // else the kept 1.0 is odd: a half goes up
    return {std::int32_t{1} << shift,
            has_mantissa ? half - 1 : half,
            half,
            ~((std::int32_t{1} << shift) - 1),
            author ? magnitude_bits(smallest) - 1 : magnitude_bits(smallest / 2),
            magnitude_bits(smallest),
            magnitude_bits(coder.decode(last))};
}

// Written in place, values from memory come at its speed only if they are asked for early: this many ahead
// (measured: 128 to 512 are alike, none costs 10 to 25 %).
constexpr std::size_t ahead = 256;
constexpr std::size_t together = 64;  // four cache lines of values

template <class Out, class Store>
[[gnu::always_inline]] inline void round_all(const float* in, Out* out, std::size_t count, Store store) {
    std::size_t first = 0;
    for (; first + together <= count; first += together) {
        for (std::size_t j = 0; j < together; j += 16) __builtin_prefetch(in + first + ahead + j);
        for (std::size_t j = 0; j < together; ++j) out[first + j] = store(in[first + j]);
    }
    for (; first < count; ++first) out[first] = store(in[first]);
}

SILICONBERT_CLONES void round_to_float(AdaptivFloatRounding round, const float* in, float* out,
                                       std::size_t count) {
    round_all(
        in, out, count, [round](float value) __attribute__((always_inline)) {
            return std::bit_cast<float>(round(std::bit_cast<std::uint32_t>(value)));
        });
}

// Values before the first whole cache line: stores across two lines cost 10 % where the cache holds all.
std::size_t to_line(const float* values) {
    constexpr std::uintptr_t line = 64;
    return (line - reinterpret_cast<std::uintptr_t>(values) % line) % line / sizeof(float);
}

// Returns the largest magnitude's bits. A piece is long enough that its own largest costs little, and the
// next one is asked for before it.
SILICONBERT_CLONES std::uint32_t round_finite(AdaptivFloatRounding round, const float* in, float* out,
                                              std::size_t count) {
    constexpr std::size_t piece = 256;
    std::uint32_t largest = 0;
    std::size_t last = std::min(count, to_line(out));
    for (std::size_t first = 0; first < count; first = last, last = std::min(count, first + piece)) {
        for (std::size_t j = 0; j < piece; j += 16) __builtin_prefetch(in + last + j);
        for (std::size_t i = first; i < last; ++i) {
            const auto bits = std::bit_cast<std::uint32_t>(in[i]);
            largest = std::max(largest, bits & 0x7fffffff);
            out[i] = std::bit_cast<float>(round.finite_only(bits));
        }
    }
    return largest;
}

SILICONBERT_CLONES void round_to_bf16(AdaptivFloatRounding round, const float* in, std::uint16_t* out,
                                      std::size_t count) {
    round_all(
        in, out, count, [round](float value) __attribute__((always_inline)) {
            return static_cast<std::uint16_t>(round(std::bit_cast<std::uint32_t>(value)) >> 16);
        });
}

}  // namespace

AdaptivFloatQuantizer::AdaptivFloatQuantizer(const AdaptivFloat& format)
    : format_(format),
      coder_(format),
      vectorised_(format.variant != AdaptivFloatVariant::edgebert_rtl && format.bias >= -126),
      rounding_(rounding(format, coder_)) {}

float AdaptivFloatQuantizer::rounded(float value) const {
    return std::isnan(value) ? value : coder_.decode(coder_.encode(value));
}

bool AdaptivFloatQuantizer::exact_in_bf16() const {
    return format_.mantissa_bits() <= 7 && format_.bias >= -126;
}

void AdaptivFloatQuantizer::quantize(const float* in, float* out, std::size_t count) const {
    if (vectorised_) return round_to_float(rounding_, in, out, count);
    for (std::size_t i = 0; i < count; ++i) out[i] = rounded(in[i]);
}

bool AdaptivFloatQuantizer::quantize_finite(const float* in, float* out, std::size_t count) const {
    if (vectorised_) return round_finite(rounding_, in, out, count) < AdaptivFloatRounding::infinity;
    for (std::size_t i = 0; i < count; ++i) out[i] = std::isfinite(in[i]) ? rounded(in[i]) : in[i];
    return std::isfinite(largest_magnitude({out, count}));
}

void AdaptivFloatQuantizer::quantize_to_bf16(const float* in, std::uint16_t* out, std::size_t count) const {
    require(exact_in_bf16(),
            "quantize_to_bf16: format must have at most 7 mantissa bits and bias >= -126, got ",
            format_.mantissa_bits(), " and ", format_.bias);
    if (vectorised_) return round_to_bf16(rounding_, in, out, count);
    for (std::size_t i = 0; i < count; ++i) {
        out[i] = static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(rounded(in[i])) >> 16);
    }
}

}  // namespace siliconbert
