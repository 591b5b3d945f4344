// AdaptivFloat: a float of any width whose exponent range follows the tensor; no infinities, NaNs or
// subnormals. T. Tambe et al., "AdaptivFloat", arXiv 1909.13271.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "siliconbert/formats/family.hpp"

namespace siliconbert {

// Which published version of the arithmetic.
//   algorithm1    all 2^e exponents; the lowest value of the lowest exponent is given up for zero; half to
//   even;
//                 below half the smallest value, and at exactly half, zero
//   author_2020   the author's first script: algorithm1, except that the script leaves an input of exactly
//   half the
//                 smallest value unchanged, which no code holds; here it becomes zero too
//   author_2022   the author's later script: 2^e - 2 exponents; everything below the smallest value becomes
//   zero edgebert_rtl  EdgeBERT's SystemC: <8,3> only, bias -10..-3, half toward +infinity, one zero without
//   a sign
enum class AdaptivFloatVariant { algorithm1, author_2020, author_2022, edgebert_rtl };

const std::vector<std::string>& adaptivfloat_variants();  // names, in the order of the enumeration
AdaptivFloatVariant adaptivfloat_variant(const std::string& name);

// A code is sign, exponent, mantissa from the top bit down. The value is +-2^(bias + exponent) * (1 +
// mantissa / 2^m): `bias` is the lowest exponent. Exponent and mantissa zero mean zero. author_2022 shifts
// the exponent field by one (field 0 is zero whatever its mantissa); its unused highest field reads as the
// largest value.
struct AdaptivFloat {
    int width = 8;          // 2..16 bits
    int exponent_bits = 4;  // 1..min(width - 1, 8): float32, in which values travel, holds no more exponents
    AdaptivFloatVariant variant = AdaptivFloatVariant::algorithm1;
    int bias = -15;

    int mantissa_bits() const { return width - 1 - exponent_bits; }
    int exponents() const;     // how many are in use
    int lowest_bias() const;   // biases between these two keep every code a finite float32 and fit 8 bits
    int highest_bias() const;  //
    bool operator==(const AdaptivFloat&) const = default;
};

// Throws std::invalid_argument unless the format is one of the above, with its bias in range.
void check(const AdaptivFloat& format);

// The same format with the highest exponent at `exponent`, moved as little as the range of biases asks.
AdaptivFloat fit_exponent(AdaptivFloat format, int exponent);

// Encodes and decodes single values; exact for every float32. Arguments are finite, codes below 2^width.
class AdaptivFloatCoder {
 public:
    explicit AdaptivFloatCoder(const AdaptivFloat& format);

    // An exact -0 keeps its sign (so that codes and values are one to one); what rounds to zero becomes code
    // 0.
    std::uint32_t encode(float value) const {
        // In double every float32 is normal, and a magnitude's bits, shifted, count the steps of the format.
        const std::uint64_t bits = std::bit_cast<std::uint64_t>(static_cast<double>(value));
        const std::uint64_t negative = bits >> 63;
        const std::uint64_t magnitude = bits & ~(std::uint64_t{1} << 63);
        if (magnitude <= zero_up_to_) return magnitude == 0 && negative ? minus_zero_ : 0;
        const std::uint64_t tie = half_to_even_ ? (magnitude >> shift_ & even_) | odd_ : 1 - negative;
        const auto rounded = static_cast<std::int64_t>((magnitude + below_half_ + tie) >> shift_);
        const std::int64_t code = std::min(std::max(rounded - code_zero_, lowest_), highest_);
        return code == 0 ? 0 : static_cast<std::uint32_t>(code) | (negative ? sign_ : 0);
    }

    // Total: every code has a value.
    float decode(std::uint32_t code) const {
        const auto magnitude = static_cast<std::int64_t>(code & (sign_ - 1));
        const std::uint64_t negative = (code & sign_) != 0;
        if (magnitude < first_) return negative && minus_zero_ != 0 ? -0.0F : 0.0F;
        const auto steps = static_cast<std::uint64_t>(std::min(magnitude, highest_) + code_zero_);
        return static_cast<float>(std::bit_cast<double>(negative << 63 | steps << shift_));
    }

 private:
    int shift_;                 // from the 52 mantissa bits of double to ours
    std::uint64_t zero_up_to_;  // magnitudes up to here (as double bits) are zero
    std::uint64_t below_half_;  // half a step less one, as double bits
    bool half_to_even_;         // else half toward +infinity
    std::uint64_t even_;        // picks the last mantissa bit, where there is one
    std::uint64_t odd_;         // without mantissa bits the kept 1.0 is odd: a half goes up
    std::int64_t code_zero_;    // steps (double bits, shifted) that magnitude code 0 would stand for
    std::int64_t lowest_;       // smallest magnitude code that rounding may give
    std::int64_t highest_;      // largest magnitude code in use
    std::int64_t first_;        // smallest magnitude code that is not zero
    std::uint32_t sign_;        // the sign bit
    std::uint32_t minus_zero_;  // the code of -0: the sign bit, or 0 where zero has no sign
};

// What the family gives to format.hpp: its parameter is the bias, one byte in two's complement; a bias out of
// range stands for the nearest in it. In a Format the byte counts, not the member.
inline int width(const AdaptivFloat& format) { return format.width; }
inline std::size_t parameter_bytes(const AdaptivFloat&) { return 1; }
void fit(const AdaptivFloat& format, std::span<const float> values, std::span<std::uint8_t> bytes);
AdaptivFloat with_bias(AdaptivFloat format, Bytes bytes);
inline Fields fields(const AdaptivFloat& format) {
    return make_fields(true, format.exponent_bits, format.mantissa_bits());
}

}  // namespace siliconbert
