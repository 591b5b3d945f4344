// The element-wise steps of a Transformer layer, vectorised: exponential, softmax, layer norm, activations.
#pragma once

#include <cstddef>

#include "siliconbert/transformer/products.hpp"

namespace siliconbert {

// Softmax of scale * row over `columns` values, for `rows` rows in place. Relative error below 3e-6 for
// values within 20 of the largest after scaling (the rounding of the difference itself).
void softmax_rows(float* values, std::size_t rows, std::size_t columns, float scale);

// Softmax of every head's square of scores (tokens x tokens) over the keys up to each query; the others
// become 0.
void causal_softmax_rows(float* values, std::size_t heads, std::size_t tokens, float scale);

// -log of the softmax of a row at `column`; the row is overwritten.
float cross_entropy(float* row, std::size_t columns, std::size_t column);

// The first half of a softmax: e^(scale (v - largest of its row)) in place; scale * the largest of every row
// goes to `largest`, where given.
void exponential_rows(float* values, std::size_t rows, std::size_t columns, float scale, float* largest);

// The second half under a window: of exponentials, `row` becomes weight * probability, divided by the sum of
// these + 1e-8 where `renormalise` is set. Returns the sum of weight * exponential.
float window_row(float* row, const float* weights, std::size_t columns, bool renormalise);

// out = (x + residual - mean) / sqrt(variance + epsilon) * gain + shift, row by row; residual may be null;
// out may be x.
void layer_norm_rows(const float* x, const float* residual, const float* gain, const float* shift, float* out,
                     std::size_t rows, std::size_t columns, float epsilon);

// y += bias per row, then the activation. Absolute error of gelu below 5e-7 max(1, |y|).
void bias_activation_rows(float* y, const float* bias, std::size_t rows, std::size_t columns,
                          Activation activation);

// Of the largest value, the first of equal ones; 0 where it is NaN.
std::size_t largest_place(const float* values, std::size_t count);

float max_abs(const float* values, std::size_t count);

}  // namespace siliconbert
