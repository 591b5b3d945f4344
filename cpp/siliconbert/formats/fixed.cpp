#include "siliconbert/formats/fixed.hpp"

#include <cmath>

#include "siliconbert/base/check.hpp"

namespace siliconbert {

void check(const Fixed& format) {
    require(
        format.integer_bits >= 0 && format.fraction_bits >= 0 && width(format) >= 2 && width(format) <= 16,
        "Fixed: integer_bits and fraction_bits must be at least 0 and together 1..15, got ",
        format.integer_bits, " and ", format.fraction_bits);
}

Steps coder(const Fixed& format, Bytes) {
    const double codes = std::ldexp(1.0, width(format) - 1);
    return {
        std::ldexp(1.0, -format.fraction_bits), -codes, codes - 1, 0, width(format), true, format.rounding};
}

}  // namespace siliconbert
