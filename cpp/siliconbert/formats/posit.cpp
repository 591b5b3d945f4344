#include "siliconbert/formats/posit.hpp"

#include <bit>
#include <cmath>
#include <limits>

#include "siliconbert/base/check.hpp"

namespace siliconbert {

namespace {

constexpr int float_fraction_bits = 23;
constexpr int double_fraction_bits = 52;
constexpr int double_bias = 1023;

}  // namespace

int Posit::most_exponent_bits() const {
    constexpr int largest_exponent = 127;
    int most = 4;
    while ((width - 2) << most > largest_exponent) --most;
    return most;
}

void check(const Posit& format) {
    require(format.width >= 2 && format.width <= 16, "Posit: width must be in 2..16, got ", format.width);
    require(format.exponent_bits >= 0 && format.exponent_bits <= format.most_exponent_bits(),
            "Posit: exponent_bits must be in 0..", format.most_exponent_bits(), " for width ", format.width,
            ", got ", format.exponent_bits);
}

std::uint32_t PositCoder::encode(float value) const {
    if (value == 0) return 0;
    const auto bits = std::bit_cast<std::uint64_t>(std::fabs(static_cast<double>(value)));
    const int exponent = static_cast<int>(bits >> double_fraction_bits) - double_bias;
    const std::uint64_t below_one = (std::uint64_t{1} << double_fraction_bits) - 1;
    const std::uint64_t fraction = (bits & below_one) >> (double_fraction_bits - float_fraction_bits);
    const std::uint32_t magnitude = round(exponent, fraction);
    return value < 0 ? (2 * sign_ - magnitude) : magnitude;
}

// Writes regime, exponent and the 23 bits of the fraction after one another and keeps width - 1 bits.
std::uint32_t PositCoder::round(int exponent, std::uint64_t fraction) const {
    const int regime = exponent >> exponent_bits_;
    if (regime >= width_ - 2) return sign_ - 1;
    if (regime < 2 - width_) return 1;
    const std::uint64_t run = regime >= 0 ? (std::uint64_t{2} << (regime + 1)) - 2 : 1;
    const int run_bits = regime >= 0 ? regime + 2 : 1 - regime;
    const std::uint64_t rest =
        static_cast<std::uint64_t>(exponent) & ((std::uint64_t{1} << exponent_bits_) - 1);
    const std::uint64_t all = ((run << exponent_bits_ | rest) << float_fraction_bits) | fraction;
    const int drop = run_bits + exponent_bits_ + float_fraction_bits - (width_ - 1);
    const std::uint64_t kept = all >> drop;
    const std::uint64_t dropped = all & ((std::uint64_t{1} << drop) - 1);
    const std::uint64_t half = std::uint64_t{1} << (drop - 1);
    const bool up = dropped > half || (dropped == half && kept % 2 == 1);
    return static_cast<std::uint32_t>(kept + (up ? 1 : 0));
}

float PositCoder::decode(std::uint32_t code) const {
    if (code == 0) return 0;
    if (code == sign_) return std::numeric_limits<float>::quiet_NaN();
    const bool negative = code > sign_;
    const std::uint32_t magnitude = negative ? 2 * sign_ - code : code;
    std::uint32_t bits = magnitude << (33 - width_);  // without the sign, from the top bit down
    const int ones = std::countl_one(bits);
    const int zeros = std::countl_zero(bits);
    const int regime = ones > 0 ? ones - 1 : -zeros;
    bits <<= ones + zeros;  // one of them is 0
    bits <<= 1;
    const std::uint64_t rest = std::uint64_t{bits} << exponent_bits_;
    const int exponent = (regime << exponent_bits_) + static_cast<int>(rest >> 32);
    const double fraction = std::ldexp(static_cast<double>(rest & 0xffffffff), -32);
    const double value = std::ldexp(1 + fraction, exponent);
    return static_cast<float>(negative ? -value : value);
}

}  // namespace siliconbert
