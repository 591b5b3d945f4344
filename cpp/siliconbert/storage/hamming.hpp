// Error-correcting codes on one word: parity, and extended Hamming codes (R. W. Hamming 1950), which correct
// one wrong bit and detect two.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace siliconbert {

// A codeword's bits are numbered from 0: the data from the lowest bit, then the check bits from the lowest.
// Each has a column, and the syndrome is the sum (exclusive or) of the columns of the ones: 0 in a codeword.
// Hamming columns hold the bit's position counted from 1, where check bit i stands at 2^i and data bits take
// the other positions in order, and on top a one, so that the highest check bit makes all bits' parity even.
class EccCode {
 public:
    EccCode(std::string name, int data_bits, int check_bits);

    const std::string& name() const { return name_; }
    int data_bits() const { return data_bits_; }
    int check_bits() const { return check_bits_; }

    std::uint32_t column(int bit) const { return columns_[static_cast<std::size_t>(bit)]; }
    std::uint32_t check_of(std::uint64_t data) const;
    std::uint32_t syndrome(std::uint64_t data, std::uint32_t check) const;
    // The one bit that a syndrome blames; none where it is 0 or says no more than that bits are wrong.
    std::optional<int> wrong_bit(std::uint32_t syndrome) const;

 private:
    std::string name_;
    int data_bits_;
    int check_bits_;
    std::vector<std::uint32_t> columns_;
    std::array<std::uint64_t, 8> masks_{};   // data bits in each bit of the syndrome
    std::array<std::int8_t, 256> blamed_{};  // by syndrome; -1 for none
};

// parity (1 bit a 64-bit word), secded-39-32, secded-72-64.
const std::vector<EccCode>& ecc_codes();
const EccCode& ecc_code(const std::string& name);

}  // namespace siliconbert
