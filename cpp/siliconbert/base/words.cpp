#include "siliconbert/base/words.hpp"

#include "siliconbert/base/check.hpp"

namespace siliconbert {

Codes::Codes(int width, std::size_t count) : width_(width), count_(count) {
    require(width >= 1 && width <= 32, "Codes: width must be in 1..32, got ", width);
    words_.assign((bits() + 63) / 64, 0);
}

namespace {

// Where a cell's bits stand in its code: cells of a code follow one another in the stored bit sequence.
struct Place {
    std::size_t code;
    int first;  // position in bit_order of the cell's highest bit
    int bits;
};

Place place(const Region& region, std::size_t cell) {
    const std::size_t per_code = region.cells_per_code();
    const std::size_t within = cell % per_code;
    int first = 0;
    for (std::size_t i = 0; i < within; ++i) first += region.map.cell_bits[i];
    return {cell / per_code, first, region.map.cell_bits[within]};
}

}  // namespace

std::uint32_t Region::level(std::size_t cell) const {
    const Place at = place(*this, cell);
    const std::uint32_t code = codes.at(at.code);
    std::uint32_t level = 0;
    for (int j = 0; j < at.bits; ++j) {
        const int bit = map.bit_order[static_cast<std::size_t>(at.first + j)];
        level = (level << 1) | ((code >> bit) & 1U);
    }
    return map.gray ? level_of_gray(level) : level;
}

void Region::set_level(std::size_t cell, std::uint32_t level) {
    const Place at = place(*this, cell);
    const std::uint32_t bits = map.gray ? gray_of_level(level) : level;
    std::uint32_t code = codes.at(at.code);
    for (int j = 0; j < at.bits; ++j) {
        const int bit = map.bit_order[static_cast<std::size_t>(at.first + j)];
        const std::uint32_t value = (bits >> (at.bits - 1 - j)) & 1U;
        code = (code & ~(1U << bit)) | (value << bit);
    }
    codes.set(at.code, code);
}

void apply_events(CodeImage& image, std::span<const Event> events) {
    for (const Event& event : events) image.regions[event.region].set_level(event.cell, event.read);
}

void undo_events(CodeImage& image, std::span<const Event> events) {
    for (const Event& event : events) image.regions[event.region].set_level(event.cell, event.stored);
}

}  // namespace siliconbert
