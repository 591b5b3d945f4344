// Posit: a sign, a run of equal bits (the regime), exponent and fraction in what is left of the code, so that
// values near 1 have more digits. "Standard for Posit Arithmetic (2022)", with any number of exponent bits.
#pragma once

#include <cstdint>
#include <span>

#include "siliconbert/formats/family.hpp"

namespace siliconbert {

// The value of a positive code is 2^(2^exponent_bits * regime + exponent) * (1 + fraction): regime counts the
// ones that lead after the sign, less one, or minus the zeros. Bits beyond the code's end read as zero. A
// negative code is the two's complement of its magnitude; the sign bit alone (NaR) is NaN. No parameters.
struct Posit {
    int width = 8;          // 2..16 bits
    int exponent_bits = 2;  // 0..most_exponent_bits(): 2 in the standard

    int most_exponent_bits() const;  // up to 4, as long as every value is a float32
    bool operator==(const Posit&) const = default;
};

// Throws std::invalid_argument unless the format is one of the above.
void check(const Posit& format);

class PositCoder {
 public:
    explicit PositCoder(const Posit& format)
        : width_(format.width), exponent_bits_(format.exponent_bits), sign_(1U << (format.width - 1)) {}

    // Rounds the endless string of bits to the nearest code, half to the even one: between two codes the
    // limit is the posit of one bit more. Only zero becomes zero, and what is too large the largest value.
    std::uint32_t encode(float value) const;
    float decode(std::uint32_t code) const;

 private:
    std::uint32_t round(int exponent, std::uint64_t fraction) const;

    int width_;
    int exponent_bits_;
    std::uint32_t sign_;
};

// What the family gives to format.hpp. Where regime, exponent and fraction lie depends on the code: all of
// them are called mantissa.
inline PositCoder coder(const Posit& format, Bytes) { return PositCoder(format); }
inline std::size_t parameter_bytes(const Posit&) { return 0; }
inline void fit(const Posit&, std::span<const float>, std::span<std::uint8_t>) {}
inline int width(const Posit& format) { return format.width; }
inline Fields fields(const Posit& format) { return make_fields(true, 0, format.width - 1); }

}  // namespace siliconbert
