// Rounds float32 to the values of an AdaptivFloat without making codes: the same bits as encode, then decode.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "siliconbert/formats/adaptivfloat.hpp"

namespace siliconbert {

// The arithmetic on the bits of one float32, without a branch, so that a loop over it becomes vector code.
// For values with a float32 exponent of their own (bias of at least -126); edgebert_rtl is left out.
struct AdaptivFloatRounding {
    std::int32_t shift;       // from the 23 mantissa bits of float32 to ours
    std::int32_t below_half;  // half a step less one
    std::int32_t even;        // picks the last mantissa bit, where there is one
    std::int32_t odd;         // 1 without mantissa bits: a half goes up
    std::int32_t keep;        // clears the bits that are rounded away
    std::int32_t zero_up_to;  // magnitudes up to here are zero
    std::int32_t smallest;
    std::int32_t largest;

    [[gnu::always_inline]] inline std::uint32_t operator()(std::uint32_t bits) const {
        const auto magnitude = static_cast<std::int32_t>(bits & 0x7fffffff);
        const std::int32_t tie = ((magnitude >> shift) & even) | odd;
        const std::int32_t rounded = (std::min(magnitude, largest) + below_half + tie) & keep;
        const std::int32_t kept = magnitude > zero_up_to ? std::max(rounded, smallest) : 0;
        // Of 0 itself and of what does not become 0; 0 - 1 is the largest unsigned number.
        const bool has_sign =
            static_cast<std::uint32_t>(magnitude) - 1 >= static_cast<std::uint32_t>(zero_up_to);
        const std::uint32_t sign = has_sign ? bits & 0x80000000 : 0;
        constexpr std::int32_t infinity = 0x7f800000;
        return magnitude > infinity ? ~std::uint32_t{0}
                                    : static_cast<std::uint32_t>(kept) | sign;  // all ones: NaN
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
inline void quantize(const AdaptivFloatQuantizer& with, const float* in, float* out, std::size_t count) {
    with.quantize(in, out, count);
}

}  // namespace siliconbert
