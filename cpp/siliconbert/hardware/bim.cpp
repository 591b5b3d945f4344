#include "siliconbert/hardware/bim.hpp"

#include <bit>

#include "siliconbert/base/check.hpp"

namespace siliconbert {

namespace {

constexpr int kShift = 4;
constexpr int kProductBits = 12;  // of 8 bits, signed, and 4 bits, signed or not: -1920..1905

void check_lengths(std::span<const std::int8_t> left, std::span<const std::int8_t> right) {
    require(left.size() == right.size(), "bim: left and right must be of one length, got ", left.size(),
            " and ", right.size());
}

// Adder bits of a tree: sums grow by a bit at each level.
double tree_bits(std::size_t inputs, int width) {
    double bits = 0;
    for (std::size_t left = inputs; left > 1; left -= left / 2)
        bits += static_cast<double>(left / 2) * ++width;
    return bits;
}

}  // namespace

std::int32_t bim_8x4(std::span<const std::int8_t> left, std::span<const std::int8_t> right) {
    check_lengths(left, right);
    std::int32_t sum = 0;
    for (std::size_t i = 0; i < left.size(); ++i) {
        require(right[i] >= -8 && right[i] <= 7, "bim: right must be in -8..7 for 8 x 4 bits, got ",
                static_cast<int>(right[i]));
        sum += left[i] * right[i];
    }
    return sum;
}

std::int32_t bim_8x8(Bim type, std::span<const std::int8_t> left, std::span<const std::int8_t> right) {
    check_lengths(left, right);
    std::int32_t high_tree = 0, low_tree = 0;
    for (std::size_t i = 0; i < left.size(); ++i) {
        const std::int32_t high = right[i] >> kShift, low = right[i] & 15;
        const std::int32_t product = left[i] * high;
        high_tree += type == Bim::before ? product * (1 << kShift) : product;
        low_tree += left[i] * low;
    }
    return (type == Bim::after ? high_tree * (1 << kShift) : high_tree) + low_tree;
}

double bim_logic_bits(Bim type, std::size_t multipliers) {
    require(multipliers > 0 && multipliers % 2 == 0, "bim: multipliers must be even and positive, got ",
            multipliers);
    const std::size_t half = multipliers / 2;
    const int grown = kProductBits + static_cast<int>(std::bit_width(half - 1));
    const double last = grown + kShift + 1;  // adder of both trees' sums
    const double low = tree_bits(half, kProductBits);
    if (type == Bim::after) return 2 * low + last + (grown + kShift);
    const double shifts = static_cast<double>(half) * (kProductBits + kShift);
    return low + tree_bits(half, kProductBits + kShift) + last + shifts;
}

}  // namespace siliconbert
