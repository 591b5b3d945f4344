// Codebook: a code is the place of its value in a sorted list of up to 256. The list is found by k-means for
// each tensor, row or group; or it is given, and a scale is found.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "siliconbert/formats/family.hpp"

namespace siliconbert {

struct Codebook {
    int width = 4;               // 1..8 bits
    std::vector<float> entries;  // ascending, at most 2^width; none: found by k-means

    bool given() const { return !entries.empty(); }
    bool operator==(const Codebook&) const = default;
};

// Throws std::invalid_argument unless the width is in range and the entries ascend, finite, not all zero.
void check(const Codebook& format);

class CodebookCoder {
 public:
    explicit CodebookCoder(std::vector<float> values);

    // The nearest value; the lower of two as near, the first of equal ones.
    std::uint32_t encode(float value) const;
    float decode(std::uint32_t code) const { return values_[code]; }

 private:
    std::vector<float> values_;        // one a code
    std::vector<double> middles_;      // between neighbours
    std::vector<std::uint8_t> first_;  // of the values equal to this one
};

// What the family gives to format.hpp. Parameters are the 2^width values in float32, or with given entries
// the float32 scale that all of them are multiplied with; codes beyond the entries then read as the last one.
CodebookCoder coder(const Codebook& format, Bytes bytes);
std::size_t parameter_bytes(const Codebook& format);
void fit(const Codebook& format, std::span<const float> values, std::span<std::uint8_t> bytes);
inline int width(const Codebook& format) { return format.width; }
inline Fields fields(const Codebook& format) { return make_fields(false, 0, format.width); }

// The `count` values that k-means finds, started from the quantiles: each pass gives every value to its
// nearest centre (the lower of two as near) and moves the centre to the mean of its values; a centre without
// values stays. Values that are no more than `count` different ones are the answer themselves.
std::vector<float> k_means(std::span<const float> values, std::size_t count);

}  // namespace siliconbert
