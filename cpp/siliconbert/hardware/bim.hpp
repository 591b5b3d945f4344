// FQ-BERT's bit-split inner-product module (BIM): 2 m multipliers of 8 x 4 bits and two adder trees of m
// inputs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace siliconbert {

// Where sums are shifted by four bits for 8 x 8 products.
enum class Bim {
    after,   // type A: after the trees, so all high halves must come to one tree
    before,  // type B: before them, product by product
};

// 8 x 4 bits, a product for each multiplier: values of the second operand are in -8..7.
std::int32_t bim_8x4(std::span<const std::int8_t> left, std::span<const std::int8_t> right);

// 8 x 8 bits, a product for two multipliers: right = 16 * high + low, high signed, low unsigned.
std::int32_t bim_8x8(Bim type, std::span<const std::int8_t> left, std::span<const std::int8_t> right);

// Bits of the adders and of the multiplexers between the two modes, for 2 m multipliers.
double bim_logic_bits(Bim type, std::size_t multipliers);

}  // namespace siliconbert
