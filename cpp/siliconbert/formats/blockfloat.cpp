#include "siliconbert/formats/blockfloat.hpp"

#include "siliconbert/base/check.hpp"

namespace siliconbert {

namespace {

constexpr int lowest_exponent = -128;  // of a signed byte

}  // namespace

void check(const BlockFloat& format) {
    require(format.width >= 2 && format.width <= 16, "BlockFloat: width must be in 2..16, got ",
            format.width);
}

BlockFloatCoder::BlockFloatCoder(const BlockFloat& format, int exponent)
    : rounding_(format.rounding),
      sign_(1U << (format.width - 1)),
      step_(std::ldexp(1.0, exponent - format.width + 2)),
      steps_of_one_(1 / step_) {}

double BlockFloatCoder::whole(double steps, std::uint32_t random) const {
    if (rounding_ == Rounding::nearest_even) return std::nearbyint(steps);
    if (rounding_ == Rounding::nearest_away) return std::round(steps);
    const double below = std::floor(steps);
    return rounding_ == Rounding::stochastic && random * 0x1p-32 < steps - below ? below + 1 : below;
}

BlockFloatCoder coder(const BlockFloat& format, Bytes bytes) {
    return {format, static_cast<std::int8_t>(bytes[0])};
}

void fit(const BlockFloat&, std::span<const float> values, std::span<std::uint8_t> bytes) {
    const float largest = largest_magnitude(values);
    const int exponent = largest > 0 ? std::max(std::ilogb(largest), lowest_exponent) : lowest_exponent;
    bytes[0] = static_cast<std::uint8_t>(exponent);
}

}  // namespace siliconbert
