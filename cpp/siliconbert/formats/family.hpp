// What the families of number formats share: bytes of parameters, fields of a code, rounding and overflow.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "siliconbert/base/words.hpp"

namespace siliconbert {

// The parameters of one set of values (a tensor's, a row's, a group's): an exponent bias, a scale.
using Bytes = std::span<const std::uint8_t>;

// The usual fields: a sign bit (where `sign`), then exponent and mantissa bits, from the top down.
Fields make_fields(bool sign, int exponent_bits, int mantissa_bits);

// stochastic rounds away from zero where a draw in [0, 1) of 32 bits lies below the fraction.
enum class Rounding { nearest_even, nearest_away, toward_zero, stochastic };
// saturate: the largest value; ieee: infinity, or NaN where there is none.
enum class Overflow { saturate, ieee };

const std::vector<std::string>& rounding_names();  // in the order of the enumeration
const std::vector<std::string>& overflow_names();

// Where `name` stands among the names; throws "<what> must be one of ...; got ..." where it does not.
std::size_t index_of(const std::vector<std::string>& names, const std::string& name, const char* what);

inline Rounding rounding(const std::string& name, const char* what) {
    return static_cast<Rounding>(index_of(rounding_names(), name, what));
}
inline Overflow overflow(const std::string& name, const char* what) {
    return static_cast<Overflow>(index_of(overflow_names(), name, what));
}

// Little endian numbers in parameter bytes, from byte `at` on.
inline std::uint16_t read_u16(Bytes bytes, std::size_t at) {
    return static_cast<std::uint16_t>(bytes[at] | bytes[at + 1] << 8);
}
inline float read_float(Bytes bytes, std::size_t at) {
    return std::bit_cast<float>(std::uint32_t{read_u16(bytes, at)} | std::uint32_t{read_u16(bytes, at + 2)}
                                                                         << 16);
}
void write_u16(std::span<std::uint8_t> bytes, std::size_t at, std::uint16_t value);
void write_float(std::span<std::uint8_t> bytes, std::size_t at, float value);

// The largest magnitude, 0 for no values.
float largest_magnitude(std::span<const float> values);

// A float32 scale that takes `largest` to `highest`: never 0, and highest * scale is finite; 1 where largest
// is 0.
float scale_to(double largest, double highest);

// Codes in the type that holds them.
void narrow(const std::uint32_t* in, std::uint8_t* out, std::size_t count);
void narrow(const std::uint32_t* in, std::uint16_t* out, std::size_t count);

}  // namespace siliconbert
