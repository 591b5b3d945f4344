#include "siliconbert/transformer/elementwise.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

#include "siliconbert/base/clones.hpp"
#include "siliconbert/transformer/softmax_avx512.hpp"

namespace siliconbert {

namespace {

#define SILICONBERT_INLINE inline __attribute__((always_inline))

// e^x by 2^n e^r, |r| <= ln(2)/2, Taylor to r^7 (remainder below 1e-8 relative); vectorises. Below -87 it
// returns a number below 1.7e-38 instead of 0; NaN stays NaN.
SILICONBERT_INLINE float exponential(float x) {
    x = std::min(std::max(x, -87.0F), 88.0F);
    constexpr float round = 12582912.0F;  // 1.5 * 2^23: adding it rounds to an integer, held in the low bits
    const float shifted = x * 1.44269504F + round;
    const float n = shifted - round;
    // ln 2 in two parts, so that n times the first is exact.
    const float r = (x - n * 0.693359375F) - n * -2.12194440e-4F;
    float e = 1.0F / 5040;
    e = e * r + 1.0F / 720;
    e = e * r + 1.0F / 120;
    e = e * r + 1.0F / 24;
    e = e * r + 1.0F / 6;
    e = e * r + 0.5F;
    e = e * r + 1.0F;
    e = e * r + 1.0F;
    // 2^n from those bits, not from n: defined for NaN too, which e then keeps.
    const std::uint32_t power = std::bit_cast<std::uint32_t>(shifted) - std::bit_cast<std::uint32_t>(round);
    return e * std::bit_cast<float>((power + 127) << 23);
}

SILICONBERT_INLINE float tanh_of(float x) {
    const float e = exponential(-2 * std::abs(x));
    return std::copysign((1 - e) / (1 + e), x);
}

// Error function, absolute error below 3e-7: Abramowitz and Stegun 7.1.26.
SILICONBERT_INLINE float error_function(float x) {
    const float a = std::abs(x);
    const float t = 1 / (1 + 0.3275911F * a);
    float p = 1.061405429F;
    p = p * t - 1.453152027F;
    p = p * t + 1.421413741F;
    p = p * t - 0.284496736F;
    p = p * t + 0.254829592F;
    return std::copysign(1 - p * t * exponential(-a * a), x);
}

SILICONBERT_INLINE float gelu(float x) { return 0.5F * x * (1 + error_function(x * 0.707106781F)); }

SILICONBERT_INLINE float gelu_new(float x) {
    return 0.5F * x * (1 + tanh_of(0.797884561F * (x + 0.044715F * x * x * x)));
}

SILICONBERT_INLINE float relu(float x) { return std::max(x, 0.0F); }

SILICONBERT_INLINE float identity(float x) { return x; }

template <float (*function)(float)>
SILICONBERT_INLINE void bias_then(float* y, const float* bias, std::size_t rows, std::size_t columns) {
    for (std::size_t i = 0; i < rows; ++i, y += columns) {
#pragma omp simd
        for (std::size_t j = 0; j < columns; ++j) y[j] = function(y[j] + bias[j]);
    }
}

}  // namespace

SILICONBERT_CLONES
void exponential_rows(float* values, std::size_t rows, std::size_t columns, float scale, float* largest) {
    for (std::size_t i = 0; i < rows; ++i) {
        float* row = values + i * columns;
        float most = row[0];
#pragma omp simd reduction(max : most)
        for (std::size_t j = 0; j < columns; ++j) most = std::max(most, row[j]);
#pragma omp simd
        for (std::size_t j = 0; j < columns; ++j) row[j] = scale * (row[j] - most);
        if (largest != nullptr) largest[i] = scale * most;
    }
    // All rows in one loop: rows are short, and the remainder of a vector loop would cost more than its body.
#pragma omp simd
    for (std::size_t j = 0; j < rows * columns; ++j) values[j] = exponential(values[j]);
}

SILICONBERT_CLONES
float window_row(float* row, const float* weights, std::size_t columns, bool renormalise) {
    float all = 0;
#pragma omp simd reduction(+ : all)
    for (std::size_t j = 0; j < columns; ++j) all += row[j];
    float kept = 0;
#pragma omp simd reduction(+ : kept)
    for (std::size_t j = 0; j < columns; ++j) kept += row[j] *= weights[j];
    const float share = 1 / (renormalise ? kept + 1e-8F * all : all);
#pragma omp simd
    for (std::size_t j = 0; j < columns; ++j) row[j] *= share;
    return kept;
}

namespace {

SILICONBERT_CLONES
void normalise_rows(float* values, std::size_t rows, std::size_t columns) {
    for (std::size_t i = 0; i < rows; ++i) {
        float* row = values + i * columns;
        float sum = 0;
#pragma omp simd reduction(+ : sum)
        for (std::size_t j = 0; j < columns; ++j) sum += row[j];
        const float share = 1 / sum;
#pragma omp simd
        for (std::size_t j = 0; j < columns; ++j) row[j] *= share;
    }
}

}  // namespace

void softmax_rows(float* values, std::size_t rows, std::size_t columns, float scale) {
    if (avx512::takes(columns)) return avx512::softmax_rows(values, rows, columns, scale);
    exponential_rows(values, rows, columns, scale, nullptr);
    normalise_rows(values, rows, columns);
}

void causal_softmax_rows(float* values, std::size_t heads, std::size_t tokens, float scale) {
    for (std::size_t i = 0; i < heads * tokens; ++i) {
        float* row = values + i * tokens;
        const std::size_t seen = i % tokens + 1;
        softmax_rows(row, 1, seen, scale);
        std::fill(row + seen, row + tokens, 0.0F);
    }
}

SILICONBERT_CLONES
std::size_t largest_place(const float* values, std::size_t count) {
    float most = values[0];
#pragma omp simd reduction(max : most)
    for (std::size_t i = 0; i < count; ++i) most = std::max(most, values[i]);
    const float* found = std::find(values, values + count, most);
    return found == values + count ? 0 : static_cast<std::size_t>(found - values);
}

SILICONBERT_CLONES
float cross_entropy(float* row, std::size_t columns, std::size_t column) {
    const float wanted = row[column];
    float largest = 0;
    exponential_rows(row, 1, columns, 1, &largest);
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (std::size_t j = 0; j < columns; ++j) sum += row[j];
    return largest + std::log(sum) - wanted;
}

SILICONBERT_CLONES
void layer_norm_rows(const float* x, const float* residual, const float* gain, const float* shift, float* out,
                     std::size_t rows, std::size_t columns, float epsilon) {
    const float share = 1 / static_cast<float>(columns);
    for (std::size_t i = 0; i < rows; ++i, x += columns, out += columns) {
        float sum = 0;
        if (residual != nullptr) {
#pragma omp simd reduction(+ : sum)
            for (std::size_t j = 0; j < columns; ++j) sum += out[j] = x[j] + residual[j];
            residual += columns;
        } else {
#pragma omp simd reduction(+ : sum)
            for (std::size_t j = 0; j < columns; ++j) sum += out[j] = x[j];
        }
        const float mean = sum * share;
        float squares = 0;
#pragma omp simd reduction(+ : squares)
        for (std::size_t j = 0; j < columns; ++j) squares += (out[j] - mean) * (out[j] - mean);
        const float factor = 1 / std::sqrt(squares * share + epsilon);
#pragma omp simd
        for (std::size_t j = 0; j < columns; ++j) out[j] = (out[j] - mean) * factor * gain[j] + shift[j];
    }
}

SILICONBERT_CLONES
void bias_activation_rows(float* y, const float* bias, std::size_t rows, std::size_t columns,
                          Activation activation) {
    switch (activation) {
        case Activation::none:
            return bias_then<identity>(y, bias, rows, columns);
        case Activation::relu:
            return bias_then<relu>(y, bias, rows, columns);
        case Activation::gelu:
            return bias_then<gelu>(y, bias, rows, columns);
        case Activation::gelu_new:
            return bias_then<gelu_new>(y, bias, rows, columns);
        case Activation::tanh:
            return bias_then<tanh_of>(y, bias, rows, columns);
    }
}

SILICONBERT_CLONES
float max_abs(const float* values, std::size_t count) {
    float most = 0;
#pragma omp simd reduction(max : most)
    for (std::size_t i = 0; i < count; ++i) most = std::max(most, std::abs(values[i]));
    return most;
}

}  // namespace siliconbert
