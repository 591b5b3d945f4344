// The block kernel for AVX2 with FMA: two vectors of tokens and four outputs are eight sums in registers.
#if defined(__x86_64__)

#include <immintrin.h>

#include <algorithm>
#include <array>

#include "siliconbert/transformer/blocks/kernels.hpp"

#define TARGET __attribute__((target("avx2,fma")))
#define TARGET_INLINE TARGET __attribute__((always_inline)) inline

namespace siliconbert {

namespace {

constexpr std::size_t lanes = 8;
// Sixteen registers hold the sums of so many outputs and two vectors of tokens, and what is multiplied.
constexpr std::size_t together = 4;

// to[j][i] = from[i][j] for 4 x 4 values.
TARGET_INLINE void transpose(const float* from, std::size_t from_stride, float* to, std::size_t to_stride) {
    __m128 a = _mm_loadu_ps(from);
    __m128 b = _mm_loadu_ps(from + from_stride);
    __m128 c = _mm_loadu_ps(from + 2 * from_stride);
    __m128 d = _mm_loadu_ps(from + 3 * from_stride);
    _MM_TRANSPOSE4_PS(a, b, c, d);
    _mm_storeu_ps(to, a);
    _mm_storeu_ps(to + to_stride, b);
    _mm_storeu_ps(to + 2 * to_stride, c);
    _mm_storeu_ps(to + 3 * to_stride, d);
}

// to[j][i] = from[i][j] for rows x columns values of `from`.
TARGET void transpose_all(const float* from, std::size_t from_stride, std::size_t rows, std::size_t columns,
                          float* to, std::size_t to_stride) {
    const std::size_t even_rows = rows / 4 * 4;
    const std::size_t even_columns = columns / 4 * 4;
    for (std::size_t i = 0; i < even_rows; i += 4) {
        for (std::size_t j = 0; j < even_columns; j += 4) {
            transpose(from + i * from_stride + j, from_stride, to + j * to_stride + i, to_stride);
        }
    }
    for (std::size_t i = 0; i < rows; ++i) {
        for (std::size_t j = i < even_rows ? even_columns : 0; j < columns; ++j) {
            to[j * to_stride + i] = from[i * from_stride + j];
        }
    }
}

void to_tile(const float* x, std::size_t stride, std::size_t rows, std::size_t columns, float* tile) {
    transpose_all(x, stride, rows, columns, tile, tile_tokens);
    for (std::size_t k = 0; rows < tile_tokens && k < columns; ++k) {
        std::fill(tile + k * tile_tokens + rows, tile + (k + 1) * tile_tokens, 0.0F);
    }
}

void to_rows(const float* sums, std::size_t outputs, std::size_t rows, float* y, std::size_t stride) {
    transpose_all(sums, tile_tokens, outputs, rows, y, stride);
}

// Outputs `from` .. from + outputs - 1 of the chunk, for 16 tokens.
template <std::size_t outputs>
TARGET void multiply_outputs(const Chunk<float>& chunk, std::size_t from, const float* bias,
                             const float* tile, float* sums) {
    __m256 left[outputs];
    __m256 right[outputs];
#pragma GCC unroll 4
    for (std::size_t o = 0; o < outputs; ++o) left[o] = right[o] = _mm256_set1_ps(bias[from + o]);
    const float* weights = chunk.weights + from;
    for (const std::uint32_t row : chunk.block_rows) {
        const float* x = tile + row * chunk.steps * tile_tokens;
        for (std::size_t k = 0; k < chunk.steps; ++k, x += tile_tokens, weights += chunk.outputs) {
            const __m256 x_left = _mm256_loadu_ps(x);
            const __m256 x_right = _mm256_loadu_ps(x + lanes);
#pragma GCC unroll 4
            for (std::size_t o = 0; o < outputs; ++o) {
                const __m256 weight = _mm256_set1_ps(weights[o]);
                left[o] = _mm256_fmadd_ps(weight, x_left, left[o]);
                right[o] = _mm256_fmadd_ps(weight, x_right, right[o]);
            }
        }
    }
#pragma GCC unroll 4
    for (std::size_t o = 0; o < outputs; ++o) {
        _mm256_storeu_ps(sums + (from + o) * tile_tokens, left[o]);
        _mm256_storeu_ps(sums + (from + o) * tile_tokens + lanes, right[o]);
    }
}

// Products of codes in pairs stay below 2^15, since 2 * 127^2 does: the signs go to the weights because the
// instruction takes one side unsigned.
template <std::size_t outputs>
TARGET void multiply_int8_outputs(const Chunk<std::int8_t>& chunk, std::size_t from, const std::int8_t* tile,
                                  std::int32_t* sums) {
    __m256i left[outputs];
    __m256i right[outputs];
#pragma GCC unroll 4
    for (std::size_t o = 0; o < outputs; ++o) left[o] = right[o] = _mm256_setzero_si256();
    const __m256i ones = _mm256_set1_epi16(1);
    const auto dot = [&](__m256i x, __m256i weight) __attribute__((target("avx2,fma"))) {
        return _mm256_madd_epi16(_mm256_maddubs_epi16(_mm256_abs_epi8(x), _mm256_sign_epi8(weight, x)), ones);
    };
    const std::int8_t* weights = chunk.weights + from * int8_inputs;
    for (const std::uint32_t row : chunk.block_rows) {
        const std::int8_t* x = tile + row * chunk.steps * tile_tokens * int8_inputs;
        for (std::size_t k = 0; k < chunk.steps; ++k, x += tile_tokens * int8_inputs) {
            const auto* both = reinterpret_cast<const __m256i*>(x);
            const __m256i x_left = _mm256_loadu_si256(both);
            const __m256i x_right = _mm256_loadu_si256(both + 1);
#pragma GCC unroll 4
            for (std::size_t o = 0; o < outputs; ++o) {
                std::int32_t four;
                __builtin_memcpy(&four, weights + o * int8_inputs, sizeof four);
                const __m256i weight = _mm256_set1_epi32(four);
                left[o] = _mm256_add_epi32(left[o], dot(x_left, weight));
                right[o] = _mm256_add_epi32(right[o], dot(x_right, weight));
            }
            weights += chunk.outputs * int8_inputs;
        }
    }
#pragma GCC unroll 4
    for (std::size_t o = 0; o < outputs; ++o) {
        auto* to = reinterpret_cast<__m256i*>(sums + (from + o) * tile_tokens);
        _mm256_storeu_si256(to, left[o]);
        _mm256_storeu_si256(to + 1, right[o]);
    }
}

// Calls part(from, outputs) for the chunk's outputs, four at a time.
template <class Part>
void in_parts(std::size_t outputs, Part&& part) {
    for (std::size_t from = 0; from < outputs; from += together)
        part(from, std::min(together, outputs - from));
}

void multiply(const Chunk<float>& chunk, const float* bias, const float* tile, float* sums) {
    static constexpr std::array by_outputs{multiply_outputs<1>, multiply_outputs<2>, multiply_outputs<3>,
                                           multiply_outputs<4>};
    for (std::size_t t = 0; t < tile_tokens; t += 2 * lanes) {
        in_parts(chunk.outputs, [&](std::size_t from, std::size_t outputs) {
            by_outputs[outputs - 1](chunk, from, bias, tile + t, sums + t);
        });
    }
}

bool runs_here() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }

}  // namespace

void avx2_multiply_int8(const Chunk<std::int8_t>& chunk, const std::int32_t*, const std::int8_t* tile,
                        std::int32_t* sums) {
    static constexpr std::array by_outputs{multiply_int8_outputs<1>, multiply_int8_outputs<2>,
                                           multiply_int8_outputs<3>, multiply_int8_outputs<4>};
    for (std::size_t t = 0; t < tile_tokens; t += 2 * lanes) {
        in_parts(chunk.outputs, [&](std::size_t from, std::size_t outputs) {
            by_outputs[outputs - 1](chunk, from, tile + t * int8_inputs, sums + t);
        });
    }
}

const BlockKernel avx2_block_kernel{"avx2", runs_here, to_tile, multiply, avx2_multiply_int8, to_rows};

}  // namespace siliconbert

#endif
