// Rounds float32 to the values of an AdaptivFloat without making codes: the same bits as encode, then decode.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "siliconbert/formats/adaptivfloat.hpp"

namespace siliconbert {

// The arithmetic on the bits of one float32, without a branch, so that a loop over it becomes vector code:
// everything is computed first and picked last.
// For values with a float32 exponent of their own (bias of at least -126); edgebert_rtl is left out.
struct AdaptivFloatRounding {
    std::int32_t last_bit;    // of the mantissa that is kept
    std::int32_t when_even;   // added before the rest is cut off: half a step less one where last_bit is 0,
    std::int32_t when_odd;    // else half a step
    std::int32_t keep;        // clears the bits that are rounded away
    std::int32_t zero_up_to;  // magnitudes up to here are zero
    std::int32_t smallest;
    std::int32_t largest;

    // Infinities saturate, NaN stays one, also in its upper half.
    [[gnu::always_inline]] inline std::uint32_t operator()(std::uint32_t bits) const {
        const std::uint32_t near = rounded(bits);
        const std::uint32_t magnitude = bits & 0x7fffffff;
        return magnitude - 1 < infinity ? near : bits | magnitude >> 8;
    }

    // What is not finite stays as it is.
    [[gnu::always_inline]] inline std::uint32_t finite_only(std::uint32_t bits) const {
        const std::uint32_t near = rounded(bits);
        return (bits & 0x7fffffff) - 1 < infinity - 1 ? near : bits;
    }

    static constexpr std::uint32_t infinity = 0x7f800000;

 private:
    // Of what is not 0, whose sign both callers keep; what becomes 0 here loses it.
    [[gnu::always_inline]] inline std::uint32_t rounded(std::uint32_t bits) const {
        const auto magnitude = static_cast<std::int32_t>(bits & 0x7fffffff);
        const std::int32_t half = (magnitude & last_bit) != 0 ? when_odd : when_even;
        const std::int32_t steps = (std::min(magnitude, largest) + half) & keep;
        const std::uint32_t kept =
            static_cast<std::uint32_t>(std::max(steps, smallest)) | (bits & 0x80000000);
        return magnitude > zero_up_to ? kept : 0;
    }
};

class AdaptivFloatQuantizer {
 public:
    explicit AdaptivFloatQuantizer(const AdaptivFloat& format);

    const AdaptivFloat& format() const { return format_; }
    std::uint32_t encode(float value) const { return coder_.encode(value); }
    float decode(std::uint32_t code) const { return coder_.decode(code); }
    bool exact_in_bf16() const;  // every value has at most 8 significant bits and an exponent of bf16

    // Infinities saturate, NaN stays NaN. `in` may be `out`.
    void quantize(const float* in, float* out, std::size_t count) const;
    // The same of finite values; what is not finite stays as it is, and false says that there was some.
    bool quantize_finite(const float* in, float* out, std::size_t count) const;
    void quantize_in_place(float* values, std::size_t count) const { quantize(values, values, count); }
    void quantize_to_bf16(const float* in, std::uint16_t* out, std::size_t count) const;

 private:
    float rounded(float value) const;

    AdaptivFloat format_;
    AdaptivFloatCoder coder_;
    bool vectorised_;
    AdaptivFloatRounding rounding_;
};

inline AdaptivFloatQuantizer coder(const AdaptivFloat& format, Bytes bytes) {
    return AdaptivFloatQuantizer(with_bias(format, bytes));
}
inline bool quantize_finite(const AdaptivFloatQuantizer& with, const float* in, float* out,
                            std::size_t count) {
    return with.quantize_finite(in, out, count);
}

}  // namespace siliconbert
