// Fixed point Qm.n: two's complement with a sign, m integer and n fraction bits.
#pragma once

#include "siliconbert/formats/steps.hpp"

namespace siliconbert {

// The value is the code's integer times 2^-n. The sign bit is not counted in m (the notation of Texas
// Instruments; ARM's counts it). What is beyond the range saturates.
struct Fixed {
    int integer_bits = 3;
    int fraction_bits = 4;
    Rounding rounding = Rounding::nearest_even;
    bool operator==(const Fixed&) const = default;
};

void check(const Fixed& format);
inline int width(const Fixed& format) { return 1 + format.integer_bits + format.fraction_bits; }
inline std::size_t parameter_bytes(const Fixed&) { return 0; }
inline void fit(const Fixed&, std::span<const float>, std::span<std::uint8_t>) {}
Steps coder(const Fixed& format, Bytes bytes);
inline Fields fields(const Fixed& format) { return make_fields(true, 0, width(format) - 1); }

}  // namespace siliconbert
