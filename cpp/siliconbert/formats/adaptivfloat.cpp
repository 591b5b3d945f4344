#include "siliconbert/formats/adaptivfloat.hpp"

#include <cmath>

#include "siliconbert/base/check.hpp"

namespace siliconbert {

namespace {

std::uint64_t double_bits(double value) { return std::bit_cast<std::uint64_t>(value); }

// The largest magnitude that becomes zero, as double bits.
std::uint64_t zero_up_to(const AdaptivFloat& format) {
    const double lowest = std::ldexp(1.0, format.bias);
    switch (format.variant) {
        case AdaptivFloatVariant::author_2022:
            return double_bits(lowest) - 1;
        case AdaptivFloatVariant::edgebert_rtl:
            return 0;
        default:
            return double_bits(lowest * (1.0 + std::ldexp(1.0, -format.mantissa_bits())) / 2);
    }
}

}  // namespace

const std::vector<std::string>& adaptivfloat_variants() {
    static const std::vector<std::string> names{"algorithm1", "author-2020", "author-2022", "edgebert-rtl"};
    return names;
}

AdaptivFloatVariant adaptivfloat_variant(const std::string& name) {
    return static_cast<AdaptivFloatVariant>(index_of(adaptivfloat_variants(), name, "AdaptivFloat: variant"));
}

int AdaptivFloat::exponents() const {
    return (1 << exponent_bits) - (variant == AdaptivFloatVariant::author_2022 ? 2 : 0);
}

int AdaptivFloat::lowest_bias() const { return variant == AdaptivFloatVariant::edgebert_rtl ? -10 : -128; }

int AdaptivFloat::highest_bias() const {
    constexpr int above_float32 = 128;
    return variant == AdaptivFloatVariant::edgebert_rtl ? -3 : std::min(127, above_float32 - exponents());
}

void check(const AdaptivFloat& format) {
    const bool rtl = format.variant == AdaptivFloatVariant::edgebert_rtl;
    require(!rtl || (format.width == 8 && format.exponent_bits == 3),
            "AdaptivFloat: edgebert-rtl must have width 8 and exponent_bits 3, got ", format.width, " and ",
            format.exponent_bits);
    require(format.width >= 2 && format.width <= 16, "AdaptivFloat: width must be in 2..16, got ",
            format.width);
    const int least = format.variant == AdaptivFloatVariant::author_2022 ? 2 : 1;
    const int most = std::min(format.width - 1, 8);
    require(format.exponent_bits >= least && format.exponent_bits <= most,
            "AdaptivFloat: exponent_bits must be in ", least, "..", most, " for width ", format.width,
            ", got ", format.exponent_bits);
    require(format.bias >= format.lowest_bias() && format.bias <= format.highest_bias(),
            "AdaptivFloat: bias must be in ", format.lowest_bias(), "..", format.highest_bias(),
            " for this format, got ", format.bias);
}

AdaptivFloat fit_exponent(AdaptivFloat format, int exponent) {
    format.bias = std::clamp(exponent - format.exponents() + 1, format.lowest_bias(), format.highest_bias());
    return format;
}

void fit(const AdaptivFloat& format, std::span<const float> values, std::span<std::uint8_t> bytes) {
    const float largest = largest_magnitude(values);
    bytes[0] = static_cast<std::uint8_t>(fit_exponent(format, largest > 0 ? std::ilogb(largest) : 0).bias);
}

AdaptivFloat with_bias(AdaptivFloat format, Bytes bytes) {
    const int bias = static_cast<std::int8_t>(bytes[0]);
    format.bias = std::clamp(bias, format.lowest_bias(), format.highest_bias());
    return format;
}

AdaptivFloatCoder::AdaptivFloatCoder(const AdaptivFloat& format)
    : shift_(52 - format.mantissa_bits()),
      zero_up_to_(siliconbert::zero_up_to(format)),
      below_half_((std::uint64_t{1} << (shift_ - 1)) - 1),
      half_to_even_(format.variant != AdaptivFloatVariant::edgebert_rtl),
      even_(format.mantissa_bits() > 0 ? 1 : 0),
      odd_(1 - even_),
      sign_(std::uint32_t{1} << (format.width - 1)),
      minus_zero_(half_to_even_ ? sign_ : 0) {
    const int field_of_bias = format.variant == AdaptivFloatVariant::author_2022 ? 1 : 0;
    const std::int64_t step = std::int64_t{1} << format.mantissa_bits();
    code_zero_ = (1023 + format.bias - field_of_bias) * step;
    first_ = std::max<std::int64_t>(1, field_of_bias * step);
    lowest_ = half_to_even_ ? first_ : 0;
    highest_ = (field_of_bias + format.exponents()) * step - 1;
}

}  // namespace siliconbert
