// Every number format through one set of words. A new family is one header like adaptivfloat.hpp (a struct
// with a width; check, coder, fit, quantize, bit_order, parameters, with_parameters) and its line in the list
// below.
#pragma once

#include <cstdint>
#include <span>
#include <variant>
#include <vector>

#include "siliconbert/base/words.hpp"
#include "siliconbert/formats/adaptivfloat.hpp"

namespace siliconbert {

using Format = std::variant<AdaptivFloat>;

int width(const Format& format);

// The format with its parameters chosen from the data: the largest magnitude keeps its binade.
Format fit_format(std::span<const float> values, const Format& format);

// Code is std::uint8_t (widths up to 8) or std::uint16_t. Values that are not finite and codes beyond the
// width are refused. `threads` 0 means all; the result is the same at any count.
template <class Code>
void encode(std::span<const float> values, const Format& format, std::span<Code> codes, int threads);
template <class Code>
void decode(std::span<const Code> codes, const Format& format, std::span<float> values, int threads);
void quantize(std::span<const float> in, const Format& format, std::span<float> out, int threads);

// The value of every code, 2^width of them.
std::vector<float> values_of_codes(const Format& format);

// Bits of a code in the order in which memory cells take them (see CellMap).
std::vector<int> bit_order(const Format& format);

// The parameters as stored codes, and the format that stored codes, faulty ones too, stand for.
Codes parameters(const Format& format);
Format with_parameters(const Format& format, const Codes& codes);

}  // namespace siliconbert
