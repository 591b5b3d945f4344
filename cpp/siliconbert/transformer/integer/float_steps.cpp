#include "siliconbert/transformer/integer/float_steps.hpp"

#include <algorithm>
#include <cmath>

#include "siliconbert/base/clones.hpp"
#include "siliconbert/transformer/elementwise.hpp"

namespace siliconbert {

namespace {

#define SILICONBERT_INLINE inline __attribute__((always_inline))

constexpr std::size_t lanes = 16;

// The sum of term(j). Lanes start at -0, which changes no sum, not even of zeros.
template <class Term>
SILICONBERT_INLINE float lane_sum(std::size_t count, Term&& term) {
    float partial[lanes];
    std::fill_n(partial, lanes, -0.0F);
    const std::size_t whole = count / lanes * lanes;
    for (std::size_t j = 0; j < whole; j += lanes) {
#pragma omp simd
        for (std::size_t l = 0; l < lanes; ++l) partial[l] += term(j + l);
    }
    // A lane that has no element left adds a zero.
    for (std::size_t l = 0; whole < count && l < lanes; ++l) {
        partial[l] += whole + l < count ? term(whole + l) : 0.0F;
    }
    float sum = partial[0];
    for (std::size_t l = 1; l < lanes; ++l) sum += partial[l];
    return sum;
}

// -limit for NaN.
SILICONBERT_INLINE std::int32_t nearest(float value, int limit) {
    const auto most = static_cast<float>(limit);
    return static_cast<std::int32_t>(std::min(most, std::max(-most, std::nearbyint(value))));
}

}  // namespace

SILICONBERT_CLONES
float lane_total(const float* values, std::size_t count) {
    return lane_sum(count, [=](std::size_t j) { return values[j]; });
}

SILICONBERT_CLONES
float lane_dot(const float* a, const float* b, std::size_t count) {
    return lane_sum(count, [=](std::size_t j) { return a[j] * b[j]; });
}

SILICONBERT_CLONES
void lane_layer_norm_rows(float* values, std::size_t rows, std::size_t columns, const float* gain,
                          const float* shift, float epsilon) {
    const float share = 1 / static_cast<float>(columns);
    for (std::size_t i = 0; i < rows; ++i, values += columns) {
        const float mean = lane_sum(columns, [=](std::size_t j) { return values[j]; }) * share;
#pragma omp simd
        for (std::size_t j = 0; j < columns; ++j) values[j] -= mean;
        const float squares = lane_sum(columns, [=](std::size_t j) { return values[j] * values[j]; });
        const float factor = 1 / std::sqrt(squares * share + epsilon);
#pragma omp simd
        for (std::size_t j = 0; j < columns; ++j) values[j] = values[j] * factor * gain[j] + shift[j];
    }
}

SILICONBERT_CLONES
void quantize_codes(const float* values, std::size_t count, float scale, int limit, std::int8_t* out) {
#pragma omp simd
    for (std::size_t j = 0; j < count; ++j) {
        out[j] = static_cast<std::int8_t>(nearest(values[j] * scale, limit));
    }
}

SILICONBERT_CLONES
void layer_norm_rows(const std::int8_t* x, const std::int8_t* y, std::size_t rows, const FloatNorm& norm,
                     int limit, std::int8_t* out) {
    const std::size_t columns = norm.gain.size();
    std::vector<float> values(columns);
    for (std::size_t i = 0; i < rows; ++i, x += columns, y += columns, out += columns) {
#pragma omp simd
        for (std::size_t j = 0; j < columns; ++j) {
            values[j] = static_cast<float>(x[j]) * norm.step_x + static_cast<float>(y[j]) * norm.step_y;
        }
        lane_layer_norm_rows(values.data(), 1, columns, norm.gain.data(), norm.shift.data(), norm.epsilon);
        quantize_codes(values.data(), columns, norm.scale, limit, out);
    }
}

void softmax_rows(const std::int32_t* sums, std::size_t rows, std::size_t columns, std::size_t stride,
                  const FloatSoftmax& softmax, std::uint8_t* out) {
    std::vector<float> raised(columns);
    for (std::size_t i = 0; i < rows; ++i, sums += stride, out += stride) {
        for (std::size_t j = 0; j < columns; ++j) raised[j] = static_cast<float>(sums[j]) * softmax.step;
        exponential_rows(raised.data(), 1, columns, 1, nullptr);
        const float sum = lane_total(raised.data(), columns);
        for (std::size_t j = 0; j < columns; ++j) {
            out[j] = static_cast<std::uint8_t>(
                nearest(raised[j] / sum * static_cast<float>(softmax.largest), softmax.largest));
        }
        std::fill(out + columns, out + stride, std::uint8_t{0});
    }
}

}  // namespace siliconbert
