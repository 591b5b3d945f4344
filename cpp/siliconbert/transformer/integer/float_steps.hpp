// The float steps of an integer network, in an order of operations that any IEEE arithmetic repeats bit for
// bit: sums run in 16 lanes (element j goes to lane j mod 16), which are then added in their order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace siliconbert {

float lane_total(const float* values, std::size_t count);
float lane_dot(const float* a, const float* b, std::size_t count);

// values = (values - mean) / sqrt(variance + epsilon) * gain + shift, row by row.
void lane_layer_norm_rows(float* values, std::size_t rows, std::size_t columns, const float* gain,
                          const float* shift, float epsilon);

// out = clamp(rint(values * scale), -limit, limit).
void quantize_codes(const float* values, std::size_t count, float scale, int limit, std::int8_t* out);

struct FloatNorm {
    float step_x = 0;
    float step_y = 0;
    std::vector<float> gain;
    std::vector<float> shift;
    float scale = 0;  // of the output
    float epsilon = 0;
};

// As the integer layer_norm_rows.
void layer_norm_rows(const std::int8_t* x, const std::int8_t* y, std::size_t rows, const FloatNorm& norm,
                     int limit, std::int8_t* out);

struct FloatSoftmax {
    float step = 0;   // from sums of q . k to scores
    int largest = 0;  // the code of probability 1
};

// As the integer softmax_rows.
void softmax_rows(const std::int32_t* sums, std::size_t rows, std::size_t columns, std::size_t stride,
                  const FloatSoftmax& softmax, std::uint8_t* out);

}  // namespace siliconbert
