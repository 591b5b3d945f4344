// The integer steps of a layer between its products: requantization, softmax and layer norm, exactly as
// python/siliconbert/reference/integer.py defines them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace siliconbert {

inline constexpr int requantization_shift = 28;

// Entry c + 128 replaces code c.
using CodeTable = std::array<std::int8_t, 256>;

struct Requantization {
    const std::int32_t* bias;
    const std::int32_t* multiplier;
    int limit;
};

struct IntegerSoftmax {
    std::int32_t multiplier = 0;                 // from sums of q . k to scores
    std::array<std::uint8_t, 256> exponentials;  // by distance from the largest score
    int limit = 0;                               // of the scores' codes
    int largest = 0;                             // the code of probability 1
};

struct IntegerNorm {
    std::int32_t factor_x = 0;  // of x and y, together at most 2^14
    std::int32_t factor_y = 0;
    std::vector<std::int32_t> gain;
    std::vector<std::int32_t> shift;
    std::int32_t multiplier = 0;
};

// One way to run the steps; all ways give the same integers.
struct IntegerKernels {
    // out = clamp(((sums + bias) * multiplier + 2^27) >> 28, -limit, limit) for rows x columns sums; rows of
    // out are `stride` codes apart. (sums + bias) * multiplier must fit 59 bits.
    void (*requantize_rows)(const std::int32_t* sums, std::size_t rows, std::size_t columns,
                            const Requantization& to, std::int8_t* out, std::size_t stride);
    // Probabilities of rows of sums; rows of both are `stride` apart, out is 0 beyond `columns`.
    void (*softmax_rows)(const std::int32_t* sums, std::size_t rows, std::size_t columns, std::size_t stride,
                         const IntegerSoftmax& softmax, std::uint8_t* out);
    // out = layer norm of x + y, rows of norm.gain.size() codes; out may be x or y.
    void (*layer_norm_rows)(const std::int8_t* x, const std::int8_t* y, std::size_t rows,
                            const IntegerNorm& norm, int limit, std::int8_t* out);
};

// For any processor; the compiler's vectors.
const IntegerKernels& portable_integer_kernels();
// By AVX-512 with VBMI; null where the processor has not both.
const IntegerKernels* avx512_integer_kernels();
// The fastest here.
const IntegerKernels& integer_kernels();

// The nearest integer of sum / count, ties up; min(2^31 - 1, 2^32 / sigma) for sigma the root of squares /
// count, all rounded down and sigma at least 1.
std::int32_t integer_mean(std::int64_t sum, std::size_t count);
std::int32_t integer_inverse(std::int64_t squares, std::size_t count);

// Replaces rows x columns codes in place.
void look_up_rows(const CodeTable& table, std::int8_t* codes, std::size_t rows, std::size_t columns,
                  std::size_t stride);

}  // namespace siliconbert
