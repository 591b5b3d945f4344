// Equal steps: codes count multiples of one scale. What fixed point and integers share.
#pragma once

#include <bit>
#include <cstdint>
#include <limits>

#include "siliconbert/formats/family.hpp"

namespace siliconbert {

// The value of integer q is q * scale in float32. Encoding rounds value / scale in double: the quotient of
// two float32 numbers lies on a tie only if it is one, since ties have at most 17 bits and double has 53.
struct Steps {
    double scale = 1;
    double lowest = 0;  // bounds of q
    double highest = 0;
    std::int32_t zero = 0;  // added to q to give the code
    int width = 8;
    bool sign = true;  // the code is two's complement
    Rounding rounding = Rounding::nearest_even;

    std::uint32_t encode(float value) const { return code(round(value)); }
    std::uint32_t encode(float value, std::uint32_t random) const;  // stochastic
    float decode(std::uint32_t code) const;

    // Not a number, which only a faulty scale gives, counts as the lowest.
    [[gnu::always_inline]] inline double bounded(float value) const {
        const double steps = value / scale;
        const double above = lowest < steps ? steps : lowest;
        return above < highest ? above : highest;
    }

    [[gnu::always_inline]] inline std::int32_t round(float value) const {
        const double steps = bounded(value);
        const std::int32_t nearest = round_to_even(steps);
        if (rounding == Rounding::nearest_even) return nearest;
        if (rounding == Rounding::nearest_away)
            return static_cast<std::int32_t>(steps + (steps < 0 ? -0.5 : 0.5));
        // A value of the format may divide to just below a whole number; it stays what it is.
        const auto cut = static_cast<std::int32_t>(steps);
        return this->value(nearest) == value ? nearest : cut;
    }

    // Added and taken away, the constant leaves no bit below 1: the processor rounds to nearest, half to
    // even.
    [[gnu::always_inline]] static std::int32_t round_to_even(double steps) {
        constexpr double no_fraction = 0x1.8p52;
        return static_cast<std::int32_t>((steps + no_fraction) - no_fraction);
    }

    [[gnu::always_inline]] inline std::uint32_t code(std::int32_t q) const {
        return static_cast<std::uint32_t>(q + zero) & ((std::uint32_t{1} << width) - 1);
    }

    [[gnu::always_inline]] inline float value(std::int32_t q) const {
        return static_cast<float>(q) * static_cast<float>(scale);
    }
};

void encode(const Steps& with, const float* in, std::uint32_t* codes, std::size_t count);
void quantize(const Steps& with, const float* in, float* out, std::size_t count);

}  // namespace siliconbert
