#include "siliconbert/transformer/fixed_point.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <vector>

namespace siliconbert::fixed_point {

namespace {

using Code = std::int64_t;

constexpr int kFraction = 10;
constexpr Code kOne = 1 << kFraction;
constexpr Code kLargest = 32767, kSmallest = -32768;
// The lines' ends and log2(e), ln(2) with 14 fraction bits.
constexpr int kFine = 14;
constexpr Code kUnit = 1 << kFine;
constexpr Code kLog2E = 23637, kLn2 = 11357;
constexpr std::array<Code, 5> kPower{16384, 19484, 23170, 27554, 32768};                    // 2^(i/4)
constexpr std::array<Code, 9> kLog{0, 2784, 5274, 7527, 9584, 11476, 13228, 14858, 16384};  // log2(1 + i/8)
constexpr std::array<Code, 13> kRoot{16384, 14654, 13377, 12385, 11585,
                                     10923, 10362, 9880,  // 1 / sqrt(1 + i/4)
                                     9459,  9088,  8758,  8461,  8192};

Code saturate(Code x) { return std::clamp(x, kSmallest, kLargest); }

// x / 2^shift to the nearest, ties up; a negative shift multiplies.
Code shifted(Code x, int shift) {
    if (shift <= 0) return x << -shift;
    return shift > 62 ? 0 : (x + (Code{1} << (shift - 1))) >> shift;
}

Code times(Code a, Code b) { return shifted(a * b, kFraction); }

int highest_bit(Code x) { return 63 - std::countl_zero(static_cast<std::uint64_t>(x)); }

// On the line between the table's ends around `position`, of which `width` bits lie between two ends.
template <std::size_t N>
Code on_line(const std::array<Code, N>& ends, Code position, int width) {
    const auto i = static_cast<std::size_t>(position >> width);
    const Code inside = position & ((Code{1} << width) - 1);
    return i + 1 < N ? ends[i] + (((ends[i + 1] - ends[i]) * inside) >> width) : ends[i];
}

float value(Code code) { return static_cast<float>(code) / static_cast<float>(kOne); }

}  // namespace

std::int32_t encode(float value) {
    if (std::isnan(value)) return 0;
    const double code = std::floor(static_cast<double>(value) * kOne + 0.5);
    return static_cast<std::int32_t>(
        std::clamp(code, static_cast<double>(kSmallest), static_cast<double>(kLargest)));
}

// e^x = 2^(n + f): 2^f from the lines, shifted by n.
Code exponential(Code x) {
    const Code t = (x * kLog2E) >> kFine;
    const Code power = on_line(kPower, t & (kOne - 1), kFraction - 2);
    return shifted(power, static_cast<int>(kFine - kFraction - std::max<Code>(t >> kFraction, -64)));
}

// ln x = (k + log2 m) ln 2 with x = m 2^k, 1 <= m < 2.
Code logarithm(Code x) {
    const int k = highest_bit(x);
    const Code m = k >= kFine ? x >> (k - kFine) : x << (kFine - k);
    const Code log2 = (Code{k - kFraction} << kFine) + on_line(kLog, m - kUnit, kFine - 3);
    return shifted(log2 * kLn2, 2 * kFine - kFraction);
}

// 1 / sqrt(x) = 2^-h / sqrt(m) with x = m 4^h, 1 <= m < 4.
Code inverse_root(Code x) {
    const int h = (highest_bit(x) - kFraction) >> 1;
    const int shift = kFine - kFraction - 2 * h;
    const Code m = shift >= 0 ? x << shift : x >> -shift;
    return saturate(shifted(on_line(kRoot, m - kUnit, kFine - 2), kFine - kFraction + h));
}

// No division: e^(x - max - ln(sum of e^(x - max))).
void softmax_rows(float* values, std::size_t rows, std::size_t columns, float scale) {
    std::vector<Code> codes(columns);
    for (std::size_t i = 0; i < rows; ++i, values += columns) {
        for (std::size_t j = 0; j < columns; ++j) codes[j] = encode(scale * values[j]);
        const Code most = *std::max_element(codes.begin(), codes.end());
        Code sum = 0;
        for (Code& code : codes) sum += exponential(code = saturate(code - most));
        const Code log = logarithm(sum);
        for (std::size_t j = 0; j < columns; ++j) values[j] = value(exponential(saturate(codes[j] - log)));
    }
}

void window_row(float* row, const float* weights, std::size_t columns, bool renormalise) {
    Code sum = 0;
    std::vector<Code> codes(columns);
    for (std::size_t j = 0; j < columns; ++j) sum += codes[j] = times(encode(row[j]), encode(weights[j]));
    for (std::size_t j = 0; j < columns; ++j) {
        row[j] = value(renormalise && sum > 0 ? (codes[j] << kFraction) / sum : codes[j]);
    }
}

// One pass for both sums: the variance is E[x^2] - E[x]^2.
void layer_norm_rows(const float* x, const float* residual, const float* gain, const float* shift, float* out,
                     std::size_t rows, std::size_t columns) {
    std::vector<Code> codes(columns);
    const auto count = static_cast<Code>(columns);
    for (std::size_t i = 0; i < rows; ++i, x += columns, out += columns) {
        Code sum = 0, squares = 0;
        for (std::size_t j = 0; j < columns; ++j) {
            Code code = encode(x[j]);
            if (residual != nullptr) code = saturate(code + encode(residual[j]));
            sum += codes[j] = code;
            squares += code * code;
        }
        if (residual != nullptr) residual += columns;
        const Code mean = sum / count;  // integer division, towards 0
        const Code variance = shifted(squares / count, kFraction) - times(mean, mean);
        const Code factor = variance > 0 ? inverse_root(variance) : 0;
        for (std::size_t j = 0; j < columns; ++j) {
            const Code normal = saturate(times(codes[j] - mean, factor));
            out[j] = value(saturate(times(normal, encode(gain[j])) + encode(shift[j])));
        }
    }
}

// ln(sum of e^(x - max)) + max - sum of x e^(x - max) / sum of e^(x - max).
float entropy(const float* logits, std::size_t classes) {
    Code most = kSmallest;
    for (std::size_t k = 0; k < classes; ++k) most = std::max<Code>(most, encode(logits[k]));
    Code sum = 0, weighted = 0;
    for (std::size_t k = 0; k < classes; ++k) {
        const Code code = encode(logits[k]);
        const Code e = exponential(saturate(code - most));
        sum += e;
        weighted += times(code, e);
    }
    return value(saturate(logarithm(sum) + most - weighted * kOne / sum));
}

}  // namespace siliconbert::fixed_point
