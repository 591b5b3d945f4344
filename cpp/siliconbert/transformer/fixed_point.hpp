// Softmax, layer norm, addition and entropy as a special function unit of 16 bits computes them: Q6.10 (10
// fraction bits, -32 to just below 32), straight lines for 2^x, log2 and 1/sqrt. The formats and the order of
// the steps are EdgeBERT's (Spec.h, SMax.h, LayerNorm.h, Enpy.h; Algorithm 3); the lines' ends lie on the
// functions. Sums are as wide as they need to be (the public RTL saturates those of layer norm at 20 bits).
#pragma once

#include <cstddef>
#include <cstdint>

namespace siliconbert::fixed_point {

// The nearest code, ties up; beyond the range the last one; 0 for NaN.
std::int32_t encode(float value);

// Of codes; `exponential` takes x <= 0, `logarithm` and `inverse_root` x > 0 of any width.
std::int64_t exponential(std::int64_t x);
std::int64_t logarithm(std::int64_t x);
std::int64_t inverse_root(std::int64_t x);

// As their namesakes in elementwise.hpp, but that window_row takes probabilities, and that layer_norm_rows
// has no epsilon: a row without variance becomes its shift.
void softmax_rows(float* values, std::size_t rows, std::size_t columns, float scale);
void window_row(float* row, const float* weights, std::size_t columns, bool renormalise);
void layer_norm_rows(const float* x, const float* residual, const float* gain, const float* shift, float* out,
                     std::size_t rows, std::size_t columns);

// Of one row of logits.
float entropy(const float* logits, std::size_t classes);

}  // namespace siliconbert::fixed_point
