// Small floats ExMy: a sign, e exponent and m mantissa bits, subnormals, and one of four rules for infinities
// and NaNs. IEEE 754-2019 (fp16, bf16); Open Compute Project, 8-bit Floating Point Specification, 2023 (E5M2,
// E4M3), and Microscaling Formats Specification v1.0, 2023 (E3M2, E2M3, E2M1).
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "siliconbert/formats/family.hpp"

namespace siliconbert {

// Which codes are no number.
//   ieee    the highest exponent: mantissa 0 is infinity, all else NaN
//   fn      all ones below the sign is NaN; no infinity
//   finite  none
//   fnuz    the code of -0 is NaN; no infinity, one zero
enum class Special { ieee, fn, finite, fnuz };

const std::vector<std::string>& special_names();  // in the order of the enumeration

// A code is sign, exponent, mantissa from the top bit down. The value is +-2^(field - bias) * (1 + mantissa /
// 2^m), with exponent field 0 +-2^(1 - bias) * mantissa / 2^m; where `scaled` times a float32 scale.
struct Minifloat {
    int exponent_bits = 4;  // 1..8: float32, in which values travel, holds no more
    int mantissa_bits = 3;
    Special special = Special::ieee;
    int bias = 7;
    Rounding rounding = Rounding::nearest_even;
    Overflow overflow = Overflow::saturate;
    bool scaled = false;  // one scale for each set takes the largest magnitude to the largest value

    bool operator==(const Minifloat&) const = default;
};

// IEEE's 2^(e-1) - 1; one more for fnuz.
int usual_bias(int exponent_bits, Special special);

void check(const Minifloat& format);
inline int width(const Minifloat& format) { return 1 + format.exponent_bits + format.mantissa_bits; }
inline std::size_t parameter_bytes(const Minifloat& format) { return format.scaled ? 4 : 0; }
void fit(const Minifloat& format, std::span<const float> values, std::span<std::uint8_t> bytes);
inline Fields fields(const Minifloat& format) {
    return make_fields(true, format.exponent_bits, format.mantissa_bits);
}

// NaN where there is a code for it, infinity where there is one.
inline bool takes(const Minifloat& format, float value) {
    return std::isnan(value) ? format.special != Special::finite : format.special == Special::ieee;
}

// Codes of magnitudes, below the sign bit.
struct MinifloatCodes {
    std::int32_t largest;   // the largest finite one
    std::int32_t infinity;  // -1 where there is none
    std::int32_t nan;       // the sign bit for fnuz; -1 where there is none
};
MinifloatCodes codes_of(const Minifloat& format);

// The bits of a float or double to its code, without a branch, so that a loop over it becomes vector code.
template <class Real>
struct MinifloatRounding {
    using Int = std::conditional_t<sizeof(Real) == 4, std::int32_t, std::int64_t>;
    static constexpr int digits = std::numeric_limits<Real>::digits - 1;
    static constexpr Int one = Int{1} << digits;
    static constexpr Int infinite = std::bit_cast<Int>(std::numeric_limits<Real>::infinity());

    explicit MinifloatRounding(const Minifloat& format);

    [[gnu::always_inline]] inline Int operator()(Int bits) const {
        const Int magnitude = bits & std::numeric_limits<Int>::max();
        const Int field = magnitude >> digits;
        const Int significand = (magnitude & (one - 1)) | (field != 0 ? one : 0);
        const Int exponent = std::max<Int>(field, 1);
        const Int top = std::max(exponent, lowest);
        const Int cut = std::min<Int>(shift + top - exponent, digits + 2);
        const Int binade = (top - lowest) << mantissa_bits;
        const Int odd = (binade + (significand >> cut)) & even;
        const Int add = ((unit << cut >> 1) & half) - even + odd;
        const Int rounded = binade + ((significand + add) >> cut);
        const Int bounded = rounded > largest ? above : rounded;
        const Int other = magnitude > infinite ? nan : infinity;
        const Int code = magnitude < infinite ? bounded : other;
        const Int has_sign = code != 0 ? sign : sign_of_zero;
        return code | (bits < 0 ? has_sign : 0);
    }

    Int unit = 1;  // a variable: GCC 12 does not turn shifts of a constant into vector code
    Int mantissa_bits;
    Int lowest;        // lowest exponent of a number that is not subnormal, biased as Real's
    Int shift;         // mantissa bits that Real has beyond ours
    Int half;          // all ones where half a step is added before the rest is cut off
    Int even;          // 1 where ties go to even codes
    Int largest;       // codes
    Int above;         // of what is beyond the largest value
    Int infinity;      // of an infinity
    Int nan;           //
    Int sign;          // the sign bit
    Int sign_of_zero;  // the same, or 0 where zero has none
};

// Encodes and decodes single values, exact for every float32.
class MinifloatCoder {
 public:
    MinifloatCoder(const Minifloat& format, float scale);

    std::uint32_t encode(float value) const {
        if (keeps_values_ && is_value(value)) return nearest(value);
        return static_cast<std::uint32_t>(rounding_(std::bit_cast<std::int64_t>(value / scale_)));
    }
    std::uint32_t encode(float value, std::uint32_t random) const;  // stochastic

    float decode(std::uint32_t code) const { return scaled_ ? scaled(code) : plain(code); }

    [[gnu::always_inline]] inline float plain(std::uint32_t code) const {
        const auto bits = static_cast<std::int32_t>(code);
        const std::int32_t magnitude = bits & (sign_ - 1);
        const std::int32_t negative = (bits & sign_) != 0 ? std::numeric_limits<std::int32_t>::min() : 0;
        // A subnormal is read with a leading one, which is then taken away: no branch, and exact.
        const bool subnormal = magnitude < first_normal_;
        const std::int32_t leading = subnormal ? first_normal_ : 0;
        const auto with_one = std::bit_cast<float>(((magnitude | leading) << shift_) + rebias_);
        const auto one = std::bit_cast<float>(subnormal ? smallest_normal_ : 0);
        const auto number = std::bit_cast<std::int32_t>(with_one - one);
        const std::int32_t other = magnitude == codes_.infinity ? 0x7f800000 : 0x7fc00000;
        const bool is_number = magnitude <= codes_.largest && bits != codes_.nan;
        return std::bit_cast<float>((is_number ? number : other) | negative);
    }
    [[gnu::always_inline]] inline float scaled(std::uint32_t code) const {
        return static_cast<float>(plain(code) * scale_);
    }

    // Scaled values may divide to just below themselves, so toward zero they have to be recognised.
    bool keeps_values() const { return keeps_values_; }
    bool is_scaled() const { return scaled_; }
    double scale() const { return scale_; }
    const MinifloatRounding<float>& fast() const { return fast_; }
    const MinifloatRounding<double>& rounding() const { return rounding_; }

 private:
    std::uint32_t nearest(float value) const;
    bool is_value(float value) const { return decode(nearest(value)) == value; }

    MinifloatRounding<float> fast_;
    MinifloatRounding<double> rounding_;
    MinifloatCodes codes_;
    bool scaled_;
    bool keeps_values_;
    double scale_;
    std::int32_t shift_;
    std::int32_t rebias_;           // from our exponents to float32's
    std::int32_t first_normal_;     // code
    std::int32_t smallest_normal_;  // value, as float32 bits
    std::int32_t sign_;
};

inline MinifloatCoder coder(const Minifloat& format, Bytes bytes) {
    return {format, format.scaled ? read_float(bytes, 0) : 1.0F};
}
void encode(const MinifloatCoder& with, const float* in, std::uint32_t* codes, std::size_t count);
void quantize(const MinifloatCoder& with, const float* in, float* out, std::size_t count);

}  // namespace siliconbert
