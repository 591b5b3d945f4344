// Integers with a float32 scale, and a zero point where they are asymmetric.
#pragma once

#include "siliconbert/formats/steps.hpp"

namespace siliconbert {

// symmetric:  value = q * scale, q in two's complement, -(2^(width-1) - 1) .. 2^(width-1) - 1: as many below
//             zero as above; the lowest code has a value but no rounding gives it. The scale takes the
//             largest magnitude to the largest q.
// asymmetric: value = (code - zero) * scale, code in 0 .. 2^width - 1. Scale and zero point take the smallest
//             and the largest value (or zero, which always has a code) to the ends.
// Parameters of a set: the scale, 4 bytes; the zero point, 2 bytes, where asymmetric.
struct Integer {
    int width = 8;
    bool symmetric = true;
    Rounding rounding = Rounding::nearest_even;
    bool operator==(const Integer&) const = default;
};

void check(const Integer& format);
inline int width(const Integer& format) { return format.width; }
inline std::size_t parameter_bytes(const Integer& format) { return format.symmetric ? 4 : 6; }
void fit(const Integer& format, std::span<const float> values, std::span<std::uint8_t> bytes);
Steps coder(const Integer& format, Bytes bytes);
inline Fields fields(const Integer& format) {
    return make_fields(format.symmetric, 0, format.width - (format.symmetric ? 1 : 0));
}

}  // namespace siliconbert
