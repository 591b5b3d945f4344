#include "siliconbert/base/words.hpp"

#include "siliconbert/base/check.hpp"

namespace siliconbert {

Codes::Codes(int width, std::size_t count) : width_(width), count_(count) {
    require(width >= 1 && width <= 32, "Codes: width must be in 1..32, got ", width);
    words_.assign((bits() + 63) / 64, 0);
}

// Cells of a code follow one another in the stored bit sequence.
CellPlace Region::place(std::size_t cell) const {
    const std::size_t within = cell % cells_per_code();
    int first = 0;
    for (std::size_t i = 0; i < within; ++i) first += map.cell_bits[i];
    return {cell / cells_per_code(), first, map.cell_bits[within]};
}

std::uint32_t Region::level(std::size_t cell) const {
    const CellPlace at = place(cell);
    const std::uint32_t code = codes.at(at.code);
    std::uint32_t level = 0;
    for (int j = 0; j < at.bits; ++j) {
        const int bit = map.bit_order[static_cast<std::size_t>(at.first + j)];
        level = (level << 1) | ((code >> bit) & 1U);
    }
    return map.gray ? level_of_gray(level) : level;
}

void Region::set_level(std::size_t cell, std::uint32_t level) {
    const CellPlace at = place(cell);
    const std::uint32_t bits = map.gray ? gray_of_level(level) : level;
    std::uint32_t code = codes.at(at.code);
    for (int j = 0; j < at.bits; ++j) {
        const int bit = map.bit_order[static_cast<std::size_t>(at.first + j)];
        const std::uint32_t value = (bits >> (at.bits - 1 - j)) & 1U;
        code = (code & ~(1U << bit)) | (value << bit);
    }
    codes.set(at.code, code);
}

void check_events(const CodeImage& image, std::span<const Event> events, const char* function) {
    for (const Event& event : events) {
        require(event.region < image.regions.size(), function, ": events must name regions below ",
                image.regions.size(), ", got ", event.region);
        const Region& region = image.regions[event.region];
        require(event.cell < region.cells(), function, ": events must name cells below ", region.cells(),
                " in region ", region.name, ", got ", event.cell);
        const unsigned levels = 1U << region.place(event.cell).bits;
        require(event.stored < levels && event.read < levels, function, ": events must name levels below ",
                levels, " in region ", region.name, ", got ", int{event.stored}, " and ", int{event.read});
    }
}

void apply_events(CodeImage& image, std::span<const Event> events) {
    for (const Event& event : events) image.regions[event.region].set_level(event.cell, event.read);
}

void undo_events(CodeImage& image, std::span<const Event> events) {
    for (const Event& event : events) image.regions[event.region].set_level(event.cell, event.stored);
}

}  // namespace siliconbert
