#include "siliconbert/formats/integer.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "siliconbert/base/check.hpp"

namespace siliconbert {

void check(const Integer& format) {
    require(format.width >= 2 && format.width <= 16, "Integer: width must be in 2..16, got ", format.width);
}

namespace {

double zero_point(float lowest, float scale, int most) {
    return std::min<double>(std::nearbyint(-static_cast<double>(lowest) / scale), most);
}

}  // namespace

void fit(const Integer& format, std::span<const float> values, std::span<std::uint8_t> bytes) {
    if (format.symmetric) {
        return write_float(bytes, 0, scale_to(largest_magnitude(values), (1 << (format.width - 1)) - 1));
    }
    float lowest = 0;
    float highest = 0;
    for (const float value : values) {
        lowest = std::min(lowest, value);
        highest = std::max(highest, value);
    }
    const int most = (1 << format.width) - 1;
    float scale = scale_to(static_cast<double>(highest) - lowest, most);
    double zero = zero_point(lowest, scale, most);
    // Rounding the zero point may have moved an end by half a step, beyond float32.
    if (std::max(zero, most - zero) * scale > std::numeric_limits<float>::max()) {
        scale = static_cast<float>(scale * (1 - 1.0 / most));
        zero = zero_point(lowest, scale, most);
    }
    write_float(bytes, 0, scale);
    write_u16(bytes, 4, static_cast<std::uint16_t>(zero));
}

Steps coder(const Integer& format, Bytes bytes) {
    const double scale = read_float(bytes, 0);
    if (format.symmetric) {
        const double most = (1 << (format.width - 1)) - 1;
        return {scale, -most, most, 0, format.width, true, format.rounding};
    }
    const int zero = read_u16(bytes, 4);
    const int most = (1 << format.width) - 1;
    return {scale,
            static_cast<double>(-zero),
            static_cast<double>(most - zero),
            zero,
            format.width,
            false,
            format.rounding};
}

}  // namespace siliconbert
