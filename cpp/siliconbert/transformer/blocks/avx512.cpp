// The block kernel for AVX-512: two vectors of tokens and eight outputs are sixteen sums in registers.
#if defined(__x86_64__)

#include <immintrin.h>

#include <algorithm>
#include <array>

#include "siliconbert/transformer/blocks/kernels.hpp"

// GCC 12 takes the intrinsics' own undefined operands for ours.
#if !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#define TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq")))
#define TARGET_VNNI __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")))
#define TARGET_INLINE TARGET __attribute__((always_inline)) inline

namespace siliconbert {

namespace {

constexpr std::size_t lanes = 16;
// Weights are asked for 2 KB before they are used: they come from the last cache or from memory, once a tile.
constexpr std::size_t ahead = 2048;
constexpr std::size_t line = 64;

inline void fetch(const void* weights, std::size_t byte) {
    __builtin_prefetch(static_cast<const char*>(weights) + ahead + byte);
}

// Four 4 x 4 transposes side by side: rows[j] holds, in its quarter q, values 0..3 of source row 4 q + j;
// afterwards rows[i] holds value i of all sixteen.
TARGET_INLINE void transpose_quarters(__m512 (&rows)[4]) {
    const __m512 a = _mm512_unpacklo_ps(rows[0], rows[1]);
    const __m512 b = _mm512_unpackhi_ps(rows[0], rows[1]);
    const __m512 c = _mm512_unpacklo_ps(rows[2], rows[3]);
    const __m512 d = _mm512_unpackhi_ps(rows[2], rows[3]);
    rows[0] = _mm512_castpd_ps(_mm512_unpacklo_pd(_mm512_castps_pd(a), _mm512_castps_pd(c)));
    rows[1] = _mm512_castpd_ps(_mm512_unpackhi_pd(_mm512_castps_pd(a), _mm512_castps_pd(c)));
    rows[2] = _mm512_castpd_ps(_mm512_unpacklo_pd(_mm512_castps_pd(b), _mm512_castps_pd(d)));
    rows[3] = _mm512_castpd_ps(_mm512_unpackhi_pd(_mm512_castps_pd(b), _mm512_castps_pd(d)));
}

// Quarter q is row 4 q of `from`: the quarters are put together by loads, which leaves the shuffle port free.
TARGET_INLINE __m512 load_quarters(const float* from, std::size_t stride) {
    __m512 all = _mm512_castps128_ps512(_mm_loadu_ps(from));
    all = _mm512_insertf32x4(all, _mm_loadu_ps(from + 4 * stride), 1);
    all = _mm512_insertf32x4(all, _mm_loadu_ps(from + 8 * stride), 2);
    return _mm512_insertf32x4(all, _mm_loadu_ps(from + 12 * stride), 3);
}

// to[j][i] = from[i][j] for 16 x 16 values.
TARGET_INLINE void transpose(const float* from, std::size_t from_stride, float* to, std::size_t to_stride) {
    for (std::size_t j = 0; j < lanes; j += 4) {
        __m512 quarter[4];
#pragma GCC unroll 4
        for (std::size_t i = 0; i < 4; ++i)
            quarter[i] = load_quarters(from + i * from_stride + j, from_stride);
        transpose_quarters(quarter);
#pragma GCC unroll 4
        for (std::size_t i = 0; i < 4; ++i) _mm512_storeu_ps(to + (j + i) * to_stride, quarter[i]);
    }
}

// The same where `from` has fewer rows and columns: the rest of `to`'s rows is zero, its other rows stay.
TARGET void transpose_edge(const float* from, std::size_t from_stride, std::size_t rows, std::size_t columns,
                           float* to, std::size_t to_stride) {
    for (std::size_t j = 0; j < columns; ++j, to += to_stride) {
        float row[lanes] = {};
        for (std::size_t i = 0; i < rows; ++i) row[i] = from[i * from_stride + j];
        _mm512_storeu_ps(to, _mm512_loadu_ps(row));
    }
}

TARGET void to_tile(const float* x, std::size_t stride, std::size_t rows, std::size_t columns, float* tile) {
    for (std::size_t k = 0; k < columns; k += lanes) {
        const std::size_t wide = std::min(lanes, columns - k);
        for (std::size_t t = 0; t < tile_tokens; t += lanes) {
            const std::size_t valid = rows > t ? std::min(lanes, rows - t) : 0;
            const float* from = x + t * stride + k;
            float* to = tile + k * tile_tokens + t;
            if (valid == lanes && wide == lanes) {
                transpose(from, stride, to, tile_tokens);
            } else {
                transpose_edge(from, stride, valid, wide, to, tile_tokens);
            }
        }
    }
}

TARGET void to_rows(const float* sums, std::size_t outputs, std::size_t rows, float* y, std::size_t stride) {
    for (std::size_t t = 0; t < rows; t += lanes) {
        for (std::size_t o = 0; o < outputs; o += lanes) {
            const float* from = sums + o * tile_tokens + t;
            float* to = y + t * stride + o;
            if (t + lanes <= rows && o + lanes <= outputs) {
                transpose(from, tile_tokens, to, stride);
                continue;
            }
            for (std::size_t i = 0; i < std::min(lanes, rows - t); ++i) {
                for (std::size_t j = 0; j < std::min(lanes, outputs - o); ++j) {
                    to[i * stride + j] = from[j * tile_tokens + i];
                }
            }
        }
    }
}

// One input of 32 tokens times its weight for every output.
template <std::size_t outputs>
TARGET_INLINE void step(const float* x, const float* weights, __m512 (&left)[outputs],
                        __m512 (&right)[outputs]) {
    const __m512 x_left = _mm512_load_ps(x);
    const __m512 x_right = _mm512_load_ps(x + lanes);
#pragma GCC unroll 8
    for (std::size_t o = 0; o < outputs; ++o) {
        const __m512 weight = _mm512_set1_ps(weights[o]);
        left[o] = _mm512_fmadd_ps(weight, x_left, left[o]);
        right[o] = _mm512_fmadd_ps(weight, x_right, right[o]);
    }
}

template <std::size_t outputs>
TARGET void multiply_outputs(const Chunk<float>& chunk, const float* bias, const float* tile, float* sums) {
    __m512 left[outputs];
    __m512 right[outputs];
#pragma GCC unroll 8
    for (std::size_t o = 0; o < outputs; ++o) left[o] = right[o] = _mm512_set1_ps(bias[o]);
    const float* weights = chunk.weights;
    for (const std::uint32_t row : chunk.block_rows) {
        const float* x = tile + row * chunk.steps * tile_tokens;
        std::size_t k = chunk.steps;
        // Few, equally long turns: the processor then foresees the end of a block.
        for (; k >= 4; k -= 4) {
            for (std::size_t i = 0; i < 4 * outputs * sizeof(float); i += line) fetch(weights, i);
#pragma GCC unroll 4
            for (std::size_t i = 0; i < 4; ++i, x += tile_tokens, weights += outputs)
                step(x, weights, left, right);
        }
        for (; k > 0; --k, x += tile_tokens, weights += outputs) step(x, weights, left, right);
    }
#pragma GCC unroll 8
    for (std::size_t o = 0; o < outputs; ++o) {
        _mm512_store_ps(sums + o * tile_tokens, left[o]);
        _mm512_store_ps(sums + o * tile_tokens + lanes, right[o]);
    }
}

// Four inputs of 32 tokens. The instruction multiplies unsigned by signed codes, so 128 is added to every
// activation by turning its sign bit over.
template <std::size_t outputs>
TARGET_VNNI __attribute__((always_inline)) inline void step(const std::int8_t* x, const std::int8_t* weights,
                                                            __m512i (&left)[outputs],
                                                            __m512i (&right)[outputs]) {
    const __m512i flip = _mm512_set1_epi8(-128);
    const __m512i x_left = _mm512_xor_si512(_mm512_load_si512(x), flip);
    const __m512i x_right = _mm512_xor_si512(_mm512_load_si512(x + lanes * int8_inputs), flip);
#pragma GCC unroll 8
    for (std::size_t o = 0; o < outputs; ++o) {
        std::int32_t four;
        __builtin_memcpy(&four, weights + o * int8_inputs, sizeof four);
        const __m512i weight = _mm512_set1_epi32(four);
        left[o] = _mm512_dpbusd_epi32(left[o], x_left, weight);
        right[o] = _mm512_dpbusd_epi32(right[o], x_right, weight);
    }
}

// 128 times the sum of an output's weights is taken off again.
template <std::size_t outputs>
TARGET_VNNI void multiply_int8_outputs(const Chunk<std::int8_t>& chunk, const std::int32_t* weight_sums,
                                       const std::int8_t* tile, std::int32_t* sums) {
    constexpr std::size_t of_step = outputs * int8_inputs;
    constexpr std::size_t tile_step = tile_tokens * int8_inputs;
    __m512i left[outputs];
    __m512i right[outputs];
#pragma GCC unroll 8
    for (std::size_t o = 0; o < outputs; ++o) left[o] = right[o] = _mm512_set1_epi32(-128 * weight_sums[o]);
    const std::int8_t* weights = chunk.weights;
    for (const std::uint32_t row : chunk.block_rows) {
        const std::int8_t* x = tile + row * chunk.steps * tile_step;
        std::size_t k = chunk.steps;
        for (; k >= 4; k -= 4) {
            for (std::size_t i = 0; i < 4 * of_step; i += line) fetch(weights, i);
#pragma GCC unroll 4
            for (std::size_t i = 0; i < 4; ++i, x += tile_step, weights += of_step)
                step(x, weights, left, right);
        }
        for (; k > 0; --k, x += tile_step, weights += of_step) step(x, weights, left, right);
    }
#pragma GCC unroll 8
    for (std::size_t o = 0; o < outputs; ++o) {
        _mm512_store_si512(sums + o * tile_tokens, left[o]);
        _mm512_store_si512(sums + o * tile_tokens + lanes, right[o]);
    }
}

void multiply(const Chunk<float>& chunk, const float* bias, const float* tile, float* sums) {
    static constexpr std::array by_outputs{multiply_outputs<1>, multiply_outputs<2>, multiply_outputs<3>,
                                           multiply_outputs<4>, multiply_outputs<5>, multiply_outputs<6>,
                                           multiply_outputs<7>, multiply_outputs<8>};
    by_outputs[chunk.outputs - 1](chunk, bias, tile, sums);
}

void multiply_int8(const Chunk<std::int8_t>& chunk, const std::int32_t* weight_sums, const std::int8_t* tile,
                   std::int32_t* sums) {
    static constexpr std::array by_outputs{multiply_int8_outputs<1>, multiply_int8_outputs<2>,
                                           multiply_int8_outputs<3>, multiply_int8_outputs<4>,
                                           multiply_int8_outputs<5>, multiply_int8_outputs<6>,
                                           multiply_int8_outputs<7>, multiply_int8_outputs<8>};
    by_outputs[chunk.outputs - 1](chunk, weight_sums, tile, sums);
}

bool has_avx512() {
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
}

bool has_vnni() { return has_avx512() && __builtin_cpu_supports("avx512vnni"); }

}  // namespace

const BlockKernel avx512_vnni_block_kernel{"avx512_vnni", has_vnni,      to_tile,
                                           multiply,      multiply_int8, to_rows};
// The first processors with AVX-512 have no instruction for sums of 8-bit products.
const BlockKernel avx512_block_kernel{"avx512", has_avx512, to_tile, multiply, avx2_multiply_int8, to_rows};

}  // namespace siliconbert

#endif
