// Block floating point: values of a tensor, row or group share one exponent; each has a sign and a mantissa
// without a hidden one.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>

#include "siliconbert/formats/family.hpp"

namespace siliconbert {

// A code is sign and mantissa, its value +-mantissa * 2^(exponent - width + 2): the largest magnitude that
// was fitted, which has that exponent, fills the mantissa's highest bit.
struct BlockFloat {
    int width = 8;  // 2..16 bits
    Rounding rounding = Rounding::nearest_even;
    bool operator==(const BlockFloat&) const = default;
};

// Throws std::invalid_argument unless the format is one of the above.
void check(const BlockFloat& format);

class BlockFloatCoder {
 public:
    BlockFloatCoder(const BlockFloat& format, int exponent);

    // Saturates; a value keeps its sign even where it becomes zero. `random` is for stochastic rounding.
    std::uint32_t encode(float value, std::uint32_t random = 0) const {
        const double magnitude = std::min(whole(std::fabs(value * steps_of_one_), random), sign_ - 1.0);
        return static_cast<std::uint32_t>(magnitude) | (std::signbit(value) ? sign_ : 0);
    }
    float decode(std::uint32_t code) const {
        const double magnitude = (code & (sign_ - 1)) * step_;
        return static_cast<float>(code & sign_ ? -magnitude : magnitude);
    }

 private:
    double whole(double steps, std::uint32_t random) const;

    Rounding rounding_;
    std::uint32_t sign_;
    double step_;
    double steps_of_one_;
};

// What the family gives to format.hpp: the parameter is the exponent, one byte in two's complement.
// Magnitudes below 2^-128, and zeros, have the lowest one.
BlockFloatCoder coder(const BlockFloat& format, Bytes bytes);
inline std::size_t parameter_bytes(const BlockFloat&) { return 1; }
void fit(const BlockFloat& format, std::span<const float> values, std::span<std::uint8_t> bytes);
inline int width(const BlockFloat& format) { return format.width; }
inline Fields fields(const BlockFloat& format) { return make_fields(true, 0, format.width - 1); }

}  // namespace siliconbert
