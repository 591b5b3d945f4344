// Which stored bits a fault may change, and where they lie in their cells.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "siliconbert/base/words.hpp"
#include "siliconbert/faults/cell.hpp"

namespace siliconbert {

// Nothing given: every stored bit. Otherwise the bits of some regions, of some fields ("sign", "exponent",
// "mantissa") or at some positions of the values' codes (0 = lowest).
struct BitChoice {
    std::vector<std::string>
        regions{};  // a name takes its parts too; empty: all, "values" with fields or bits
    std::vector<std::string> fields{};
    std::vector<int> bits{};
};

// A chosen bit of every code of a region: its cell within the code, where that cell's bits stand in the
// stored order and how many there are, and the bit's weight among them.
struct Slot {
    std::size_t cell;
    int first;
    int bits;
    std::uint32_t weight;
};

struct ChosenBits {
    std::uint32_t index;  // of the region
    const Region* region;
    std::vector<Slot> slots;  // of one code, in stored order

    std::uint64_t count() const { return std::uint64_t{region->codes.count()} * slots.size(); }
    // What the cell of a slot holds, first stored bit highest.
    std::uint32_t held(std::uint64_t code, const Slot& slot) const {
        const std::uint32_t value = region->codes.at(code);
        const int* bit = region->map.bit_order.data() + slot.first;
        std::uint32_t bits = 0;
        for (int i = 0; i < slot.bits; ++i) bits = (bits << 1) | ((value >> bit[i]) & 1U);
        return bits;
    }
    // The chosen bits of the cells at one place of a code.
    std::uint32_t weights(std::size_t place) const;
};

// Regions with at least one chosen bit. Refused, in the name of `caller`, where nothing is chosen or a name
// is not the image's.
std::vector<ChosenBits> chosen_bits(const CodeImage& image, const BitChoice& choice, const char* caller);

// Those of one region; without slots where it has none.
ChosenBits chosen_bits(const CodeImage& image, std::size_t region, const BitChoice& choice,
                       const char* caller);

// The bits that a cell holds at a level, first stored bit highest, and the level at which it holds them.
inline std::uint32_t bits_of_level(const CellMap& map, std::uint32_t level) {
    return map.gray ? gray_of_level(level) : level;
}
inline std::uint32_t level_of_bits(const CellMap& map, std::uint32_t bits) {
    return map.gray ? level_of_gray(bits) : bits;
}

// P(read | stored) of a cell whose chosen bits change together: p(stored bits, changed bits).
template <class Probability>
Transitions bit_transitions(const CellMap& map, int cell_bits, Probability&& p) {
    const auto levels = std::uint32_t{1} << cell_bits;
    Transitions result{levels, std::vector<double>(std::size_t{levels} * levels)};
    for (std::uint32_t stored = 0; stored < levels; ++stored) {
        const std::uint32_t bits = bits_of_level(map, stored);
        for (std::uint32_t changed = 0; changed < levels; ++changed) {
            const std::uint32_t read = level_of_bits(map, bits ^ changed);
            result.probability[std::size_t{stored} * levels + read] = p(bits, changed);
        }
    }
    return result;
}

}  // namespace siliconbert
