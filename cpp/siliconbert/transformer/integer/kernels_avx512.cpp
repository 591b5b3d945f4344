// The integer steps by AVX-512: 16 sums at a time, whose 64-bit products are taken of even and odd lanes.
#include "siliconbert/transformer/integer/kernels.hpp"

#if defined(__x86_64__)

#include <immintrin.h>

#include <algorithm>

// GCC 12 takes the undefined operands inside its own intrinsics for ours.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif

namespace siliconbert {

namespace {

#define SILICONBERT_AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi")))
#define SILICONBERT_AVX512_INLINE inline SILICONBERT_AVX512 __attribute__((always_inline))

// The first `count` of 16 or 64 lanes.
SILICONBERT_AVX512_INLINE __mmask16 lanes16(std::size_t count) {
    return count >= 16 ? __mmask16{0xFFFF} : static_cast<__mmask16>((1U << count) - 1);
}

SILICONBERT_AVX512_INLINE __mmask64 lanes64(std::size_t count) {
    return count >= 64 ? ~__mmask64{0} : (__mmask64{1} << count) - 1;
}

// (x * y + 2^(shift - 1)) >> shift, whose low 32 bits count.
template <int shift>
SILICONBERT_AVX512_INLINE __m512i scaled(__m512i x, __m512i y) {
    const __m512i half = _mm512_set1_epi64(std::int64_t{1} << (shift - 1));
    const __m512i even = _mm512_add_epi64(_mm512_mul_epi32(x, y), half);
    const __m512i odd =
        _mm512_add_epi64(_mm512_mul_epi32(_mm512_srli_epi64(x, 32), _mm512_srli_epi64(y, 32)), half);
    return _mm512_mask_blend_epi32(0xAAAA, _mm512_srli_epi64(even, shift),
                                   _mm512_slli_epi64(odd, 32 - shift));
}

SILICONBERT_AVX512_INLINE __m512i clamped(__m512i x, __m512i limit) {
    return _mm512_min_epi32(_mm512_max_epi32(x, _mm512_sub_epi32(_mm512_setzero_si512(), limit)), limit);
}

// Column strips are the outer loop, so that their biases and multipliers stay in registers.
SILICONBERT_AVX512 void requantize_rows(const std::int32_t* sums, std::size_t rows, std::size_t columns,
                                        const Requantization& to, std::int8_t* out, std::size_t stride) {
    const __m512i limit = _mm512_set1_epi32(to.limit);
    for (std::size_t j = 0; j < columns; j += 16) {
        const __mmask16 kept = lanes16(columns - j);
        const __m512i bias = _mm512_maskz_loadu_epi32(kept, to.bias + j);
        const __m512i multiplier = _mm512_maskz_loadu_epi32(kept, to.multiplier + j);
        for (std::size_t i = 0; i < rows; ++i) {
            const __m512i sum =
                _mm512_add_epi32(_mm512_maskz_loadu_epi32(kept, sums + i * columns + j), bias);
            const __m512i codes = clamped(scaled<requantization_shift>(sum, multiplier), limit);
            _mm512_mask_cvtepi32_storeu_epi8(out + i * stride + j, kept, codes);
        }
    }
}

// Two registers hold one half of the table; an index's low 7 bits choose in a half, its top bit the half.
struct Table {
    __m512i parts[4];
};

SILICONBERT_AVX512_INLINE __m512i look_up(const Table& table, __m512i index) {
    const __m512i low = _mm512_permutex2var_epi8(table.parts[0], index, table.parts[1]);
    const __m512i high = _mm512_permutex2var_epi8(table.parts[2], index, table.parts[3]);
    return _mm512_mask_blend_epi8(_mm512_movepi8_mask(index), low, high);
}

// Codes of a row, 128 too high so that they have no sign; returns the largest.
SILICONBERT_AVX512_INLINE std::int32_t score_row(const std::int32_t* sums, std::size_t columns,
                                                 const IntegerSoftmax& softmax, std::uint8_t* out) {
    const __m512i limit = _mm512_set1_epi32(softmax.limit);
    const __m512i multiplier = _mm512_set1_epi32(softmax.multiplier);
    const __m512i raise = _mm512_set1_epi32(128);
    __m512i top = _mm512_setzero_si512();
    for (std::size_t j = 0; j < columns; j += 16) {
        const __mmask16 kept = lanes16(columns - j);
        const __m512i sum = _mm512_maskz_loadu_epi32(kept, sums + j);
        const __m512i code =
            _mm512_add_epi32(clamped(scaled<requantization_shift>(sum, multiplier), limit), raise);
        top = _mm512_mask_max_epi32(top, kept, top, code);
        _mm512_mask_cvtepi32_storeu_epi8(out + j, kept, code);
    }
    return _mm512_reduce_max_epi32(top);
}

SILICONBERT_AVX512_INLINE std::uint32_t raise_row(std::uint8_t* row, std::size_t columns,
                                                  std::int32_t largest, const Table& table) {
    const __m512i top = _mm512_set1_epi8(static_cast<char>(largest));
    __m512i sum = _mm512_setzero_si512();
    for (std::size_t j = 0; j < columns; j += 64) {
        const __mmask64 kept = lanes64(columns - j);
        const __m512i distance = _mm512_sub_epi8(top, _mm512_maskz_loadu_epi8(kept, row + j));
        const __m512i raised = _mm512_maskz_mov_epi8(kept, look_up(table, distance));
        sum = _mm512_add_epi64(sum, _mm512_sad_epu8(raised, _mm512_setzero_si512()));
        _mm512_mask_storeu_epi8(row + j, kept, raised);
    }
    return static_cast<std::uint32_t>(_mm512_reduce_add_epi64(sum));
}

SILICONBERT_AVX512_INLINE void share_row(std::uint8_t* row, std::size_t columns, std::uint32_t share) {
    const __m512i factor = _mm512_set1_epi32(static_cast<std::int32_t>(share));
    const __m512i half = _mm512_set1_epi32(32768);
    for (std::size_t j = 0; j < columns; j += 16) {
        const __mmask16 kept = lanes16(columns - j);
        const __m512i raised = _mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8(kept, row + j));
        const __m512i shares = _mm512_add_epi32(_mm512_mullo_epi32(raised, factor), half);
        _mm512_mask_cvtepi32_storeu_epi8(row + j, kept, _mm512_srli_epi32(shares, 16));
    }
}

SILICONBERT_AVX512 void softmax_rows(const std::int32_t* sums, std::size_t rows, std::size_t columns,
                                     std::size_t stride, const IntegerSoftmax& softmax, std::uint8_t* out) {
    const auto most = static_cast<std::uint32_t>(softmax.largest);
    Table table;
    for (std::size_t p = 0; p < 4; ++p) {
        table.parts[p] = _mm512_loadu_si512(softmax.exponentials.data() + 64 * p);
    }
    for (std::size_t i = 0; i < rows; ++i, sums += stride, out += stride) {
        const std::int32_t top = score_row(sums, columns, softmax, out);
        const std::uint32_t sum = raise_row(out, columns, top, table);
        share_row(out, columns, (65536 * most + sum / 2) / sum);
        std::fill(out + columns, out + stride, std::uint8_t{0});
    }
}

// u = x A + y B as 16-bit pairs; returns their sum. 16 lanes of |u| < 2^21 hold 2^10 additions.
SILICONBERT_AVX512_INLINE std::int64_t join_row(const std::int8_t* x, const std::int8_t* y,
                                                const IntegerNorm& norm, std::size_t columns,
                                                std::int32_t* u) {
    const __m512i factors = _mm512_set1_epi32(norm.factor_x | norm.factor_y << 16);
    __m512i sum = _mm512_setzero_si512();
    for (std::size_t j = 0; j < columns; j += 16) {
        const __mmask16 kept = lanes16(columns - j);
        const __m512i left = _mm512_cvtepi8_epi32(_mm_maskz_loadu_epi8(kept, x + j));
        const __m512i right = _mm512_cvtepi8_epi32(_mm_maskz_loadu_epi8(kept, y + j));
        const __m512i pairs = _mm512_mask_blend_epi16(0xAAAAAAAA, left, _mm512_slli_epi32(right, 16));
        const __m512i joined = _mm512_madd_epi16(pairs, factors);
        sum = _mm512_add_epi32(sum, joined);
        _mm512_mask_storeu_epi32(u + j, kept, joined);
    }
    const __m512i low = _mm512_cvtepi32_epi64(_mm512_castsi512_si256(sum));
    const __m512i high = _mm512_cvtepi32_epi64(_mm512_extracti64x4_epi64(sum, 1));
    return _mm512_reduce_add_epi64(_mm512_add_epi64(low, high));
}

// u becomes u - mean; returns the sum of squares.
SILICONBERT_AVX512_INLINE std::int64_t centre_row(std::int32_t* u, std::size_t columns, std::int32_t mean) {
    const __m512i middle = _mm512_set1_epi32(mean);
    __m512i sum = _mm512_setzero_si512();
    for (std::size_t j = 0; j < columns; j += 16) {
        const __mmask16 kept = lanes16(columns - j);
        const __m512i d = _mm512_maskz_sub_epi32(kept, _mm512_maskz_loadu_epi32(kept, u + j), middle);
        const __m512i odd = _mm512_srli_epi64(d, 32);
        sum = _mm512_add_epi64(sum, _mm512_add_epi64(_mm512_mul_epi32(d, d), _mm512_mul_epi32(odd, odd)));
        _mm512_mask_storeu_epi32(u + j, kept, d);
    }
    return _mm512_reduce_add_epi64(sum);
}

SILICONBERT_AVX512_INLINE void scale_row(const std::int32_t* d, const IntegerNorm& norm, std::size_t columns,
                                         std::int32_t inverse, int limit, std::int8_t* out) {
    const __m512i factor = _mm512_set1_epi32(inverse);
    const __m512i multiplier = _mm512_set1_epi32(norm.multiplier);
    const __m512i most = _mm512_set1_epi32(limit);
    for (std::size_t j = 0; j < columns; j += 16) {
        const __mmask16 kept = lanes16(columns - j);
        const __m512i gain = _mm512_maskz_loadu_epi32(kept, norm.gain.data() + j);
        const __m512i shift = _mm512_maskz_loadu_epi32(kept, norm.shift.data() + j);
        const __m512i z = scaled<22>(_mm512_maskz_loadu_epi32(kept, d + j), factor);
        const __m512i sum = _mm512_add_epi32(_mm512_mullo_epi32(z, gain), shift);
        const __m512i codes = clamped(scaled<requantization_shift>(sum, multiplier), most);
        _mm512_mask_cvtepi32_storeu_epi8(out + j, kept, codes);
    }
}

SILICONBERT_AVX512 void layer_norm_rows(const std::int8_t* x, const std::int8_t* y, std::size_t rows,
                                        const IntegerNorm& norm, int limit, std::int8_t* out) {
    const std::size_t columns = norm.gain.size();
    if (columns > 16 * 1024) {
        return portable_integer_kernels().layer_norm_rows(x, y, rows, norm, limit, out);
    }
    std::vector<std::int32_t> u(columns);
    for (std::size_t i = 0; i < rows; ++i, x += columns, y += columns, out += columns) {
        const std::int32_t mean = integer_mean(join_row(x, y, norm, columns, u.data()), columns);
        const std::int32_t inverse = integer_inverse(centre_row(u.data(), columns, mean), columns);
        scale_row(u.data(), norm, columns, inverse, limit, out);
    }
}

bool supported() {
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512vbmi");
}

}  // namespace

const IntegerKernels* avx512_integer_kernels() {
    static constexpr IntegerKernels kernels{&requantize_rows, &softmax_rows, &layer_norm_rows};
    return supported() ? &kernels : nullptr;
}

}  // namespace siliconbert

#else

namespace siliconbert {

const IntegerKernels* avx512_integer_kernels() { return nullptr; }

}  // namespace siliconbert

#endif
