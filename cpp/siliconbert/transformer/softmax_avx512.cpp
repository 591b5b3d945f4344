#include "siliconbert/transformer/softmax_avx512.hpp"

#include <initializer_list>

#include "siliconbert/base/ceil_divide.hpp"

#if defined(__x86_64__) && defined(__GNUC__)

// GCC 12 takes the intrinsics' own undefined operands for ours.
#if !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif
#include <immintrin.h>

#define TARGET __attribute__((target("avx512f,avx512dq")))

namespace siliconbert::avx512 {

namespace {

constexpr std::size_t lanes = 16;

TARGET inline __m512 set(float value) { return _mm512_set1_ps(value); }

// That of elementwise.cpp, operation by operation. Of minimum and maximum the second operand stays where it
// is NaN.
TARGET inline __m512 exponential(__m512 x) {
    x = _mm512_min_ps(set(88.0F), _mm512_max_ps(set(-87.0F), x));
    const __m512 round = set(12582912.0F);
    const __m512 shifted = _mm512_add_ps(_mm512_mul_ps(x, set(1.44269504F)), round);
    const __m512 n = _mm512_sub_ps(shifted, round);
    const __m512 r = _mm512_sub_ps(_mm512_sub_ps(x, _mm512_mul_ps(n, set(0.693359375F))),
                                   _mm512_mul_ps(n, set(-2.12194440e-4F)));
    __m512 e = set(1.0F / 5040);
    for (const float next : {1.0F / 720, 1.0F / 120, 1.0F / 24, 1.0F / 6, 0.5F, 1.0F, 1.0F}) {
        e = _mm512_add_ps(_mm512_mul_ps(e, r), set(next));
    }
    const __m512i power = _mm512_sub_epi32(_mm512_castps_si512(shifted), _mm512_castps_si512(round));
    const __m512i bits = _mm512_slli_epi32(_mm512_add_epi32(power, _mm512_set1_epi32(127)), 23);
    return _mm512_mul_ps(e, _mm512_castsi512_ps(bits));
}

// A row in `count` registers. The last ends with the row and may begin inside the one before it: masked loads
// and stores would reach into the next row, which then waits for them.
template <std::size_t count>
TARGET inline void softmax_row(float* row, std::size_t columns, __m512 scale) {
    __m512 values[count];
    const auto at = [&](std::size_t k) { return row + (k + 1 < count ? k * lanes : columns - lanes); };
    const auto fresh = static_cast<__mmask16>(0xffffU << (count * lanes - columns));
    for (std::size_t k = 0; k < count; ++k) values[k] = _mm512_loadu_ps(at(k));
    __m512 highest = values[0];
    for (std::size_t k = 1; k < count; ++k) highest = _mm512_max_ps(highest, values[k]);
    const __m512 most = set(_mm512_reduce_max_ps(highest));
    for (__m512& value : values) value = exponential(_mm512_mul_ps(scale, _mm512_sub_ps(value, most)));
    __m512 sums = _mm512_maskz_mov_ps(fresh, values[count - 1]);
    for (std::size_t k = 0; k + 1 < count; ++k) sums = _mm512_add_ps(sums, values[k]);
    const __m512 share = set(1 / _mm512_reduce_add_ps(sums));
    for (std::size_t k = 0; k < count; ++k) _mm512_storeu_ps(at(k), _mm512_mul_ps(values[k], share));
}

template <std::size_t count>
TARGET void softmax_rows_in(float* values, std::size_t rows, std::size_t columns, float scale) {
    for (std::size_t i = 0; i < rows; ++i) softmax_row<count>(values + i * columns, columns, set(scale));
}

}  // namespace

bool takes(std::size_t columns) {
    static const bool here = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq");
    return here && columns >= lanes && columns <= 4 * lanes;
}

void softmax_rows(float* values, std::size_t rows, std::size_t columns, float scale) {
    switch (ceil_divide(columns, lanes)) {
        case 1:
            return softmax_rows_in<1>(values, rows, columns, scale);
        case 2:
            return softmax_rows_in<2>(values, rows, columns, scale);
        case 3:
            return softmax_rows_in<3>(values, rows, columns, scale);
        default:
            return softmax_rows_in<4>(values, rows, columns, scale);
    }
}

}  // namespace siliconbert::avx512

#else

namespace siliconbert::avx512 {

bool takes(std::size_t) { return false; }
void softmax_rows(float*, std::size_t, std::size_t, float) {}

}  // namespace siliconbert::avx512

#endif
