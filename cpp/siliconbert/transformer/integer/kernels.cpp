#include "siliconbert/transformer/integer/kernels.hpp"

#include <algorithm>
#include <cmath>

#include "siliconbert/base/clones.hpp"
#include "siliconbert/transformer/integer/lookup.hpp"

namespace siliconbert {

namespace {

#define SILICONBERT_INLINE inline __attribute__((always_inline))

SILICONBERT_INLINE std::int32_t requantize(std::int32_t sum, std::int32_t multiplier, std::int32_t limit) {
    constexpr std::int64_t half = std::int64_t{1} << (requantization_shift - 1);
    const auto scaled =
        static_cast<std::int32_t>((std::int64_t{sum} * multiplier + half) >> requantization_shift);
    return std::min(std::max(scaled, -limit), limit);
}

SILICONBERT_CLONES
void requantize_rows(const std::int32_t* sums, std::size_t rows, std::size_t columns,
                     const Requantization& to, std::int8_t* out, std::size_t stride) {
    const auto [bias, multiplier, limit] = to;
    for (std::size_t i = 0; i < rows; ++i, sums += columns, out += stride) {
#pragma omp simd
        for (std::size_t j = 0; j < columns; ++j) {
            out[j] = static_cast<std::int8_t>(requantize(sums[j] + bias[j], multiplier[j], limit));
        }
    }
}

SILICONBERT_CLONES
void softmax_rows(const std::int32_t* sums, std::size_t rows, std::size_t columns, std::size_t stride,
                  const IntegerSoftmax& softmax, std::uint8_t* out) {
    const auto most = static_cast<std::uint32_t>(softmax.largest);
    for (std::size_t i = 0; i < rows; ++i, sums += stride, out += stride) {
        // A code stands 128 too high, so that it fits 8 bits without a sign.
        std::int32_t top = 0;
#pragma omp simd reduction(max : top)
        for (std::size_t j = 0; j < columns; ++j) {
            const std::int32_t code = requantize(sums[j], softmax.multiplier, softmax.limit) + 128;
            out[j] = static_cast<std::uint8_t>(code);
            top = std::max(top, code);
        }
#pragma omp simd
        for (std::size_t j = 0; j < columns; ++j) out[j] = static_cast<std::uint8_t>(top - out[j]);
        look_up(softmax.exponentials, out, columns);
        std::uint32_t sum = 0;
#pragma omp simd reduction(+ : sum)
        for (std::size_t j = 0; j < columns; ++j) sum += out[j];
        const std::uint32_t share = (65536 * most + sum / 2) / sum;
#pragma omp simd
        for (std::size_t j = 0; j < columns; ++j) {
            out[j] = static_cast<std::uint8_t>((out[j] * share + 32768) >> 16);
        }
        std::fill(out + columns, out + stride, std::uint8_t{0});
    }
}

SILICONBERT_CLONES
void layer_norm_rows(const std::int8_t* x, const std::int8_t* y, std::size_t rows, const IntegerNorm& norm,
                     int limit, std::int8_t* out) {
    const std::size_t columns = norm.gain.size();
    std::vector<std::int32_t> scratch(columns);
    std::int32_t* u = scratch.data();
    const std::int32_t *gain = norm.gain.data(), *shift = norm.shift.data();
    for (std::size_t i = 0; i < rows; ++i, x += columns, y += columns, out += columns) {
        std::int64_t sum = 0;
#pragma omp simd reduction(+ : sum)
        for (std::size_t j = 0; j < columns; ++j) sum += u[j] = x[j] * norm.factor_x + y[j] * norm.factor_y;
        const std::int32_t mean = integer_mean(sum, columns);
        std::int64_t squares = 0;
#pragma omp simd reduction(+ : squares)
        for (std::size_t j = 0; j < columns; ++j) {
            u[j] -= mean;
            squares += std::int64_t{u[j]} * u[j];
        }
        const std::int32_t inverse = integer_inverse(squares, columns);
#pragma omp simd
        for (std::size_t j = 0; j < columns; ++j) {
            const auto z = static_cast<std::int32_t>((std::int64_t{u[j]} * inverse + (1 << 21)) >> 22);
            out[j] = static_cast<std::int8_t>(requantize(z * gain[j] + shift[j], norm.multiplier, limit));
        }
    }
}

}  // namespace

std::int32_t integer_mean(std::int64_t sum, std::size_t count) {
    const auto by = static_cast<std::int64_t>(count);
    const std::int64_t raised = sum + by / 2;
    return static_cast<std::int32_t>(raised / by - (raised % by != 0 && raised < 0));
}

// A double holds the quotient, below 2^52, and its rounded root never reaches the next integer.
std::int32_t integer_inverse(std::int64_t squares, std::size_t count) {
    const auto variance = static_cast<double>(squares / static_cast<std::int64_t>(count));
    const auto root = std::max<std::int64_t>(1, static_cast<std::int64_t>(std::sqrt(variance)));
    return static_cast<std::int32_t>(std::min<std::int64_t>(0x7FFFFFFF, (std::int64_t{1} << 32) / root));
}

void look_up_rows(const CodeTable& table, std::int8_t* codes, std::size_t rows, std::size_t columns,
                  std::size_t stride) {
    for (std::size_t i = 0; i < rows; ++i) look_up(table, codes + i * stride, columns);
}

const IntegerKernels& portable_integer_kernels() {
    static constexpr IntegerKernels kernels{&requantize_rows, &softmax_rows, &layer_norm_rows};
    return kernels;
}

const IntegerKernels& integer_kernels() {
    static const IntegerKernels* fast = avx512_integer_kernels();
    return fast != nullptr ? *fast : portable_integer_kernels();
}

}  // namespace siliconbert
