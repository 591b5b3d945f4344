#include "siliconbert/faults/bits.hpp"

#include <algorithm>

#include "siliconbert/base/check.hpp"
#include "siliconbert/faults/names.hpp"

namespace siliconbert {

namespace {

std::string region_names(const CodeImage& image) {
    std::string names;
    for (const Region& region : image.regions) names += (names.empty() ? "" : ", ") + region.name;
    return names;
}

bool of_values(const BitChoice& choice) { return !choice.fields.empty() || !choice.bits.empty(); }

bool chosen(const Region& region, const BitChoice& choice) {
    if (choice.regions.empty()) return !of_values(choice) || names_part("values", region.name);
    return std::any_of(choice.regions.begin(), choice.regions.end(),
                       [&](const std::string& name) { return names_part(name, region.name); });
}

void check(const CodeImage& image, const BitChoice& choice, const char* caller) {
    for (const std::string& name : choice.regions) {
        const bool known = std::any_of(image.regions.begin(), image.regions.end(),
                                       [&](const Region& r) { return names_part(name, r.name); });
        require(known, caller, ": regions must be among ", region_names(image), "; got '", name, "'");
    }
}

// Bits of the region's own codes.
std::vector<bool> chosen_positions(const Region& region, const BitChoice& choice) {
    const auto width = static_cast<std::size_t>(region.codes.width());
    std::vector<bool> positions(width, !of_values(choice));
    for (const std::string& name : choice.fields) {
        const auto field = region.map.fields.find(name);
        if (field == region.map.fields.end()) continue;
        for (const int bit : field->second) positions.at(static_cast<std::size_t>(bit)) = true;
    }
    // Of a region that holds only some bits of a value, the value's own positions count.
    for (std::size_t i = 0; i < width; ++i) {
        const int bit = region.plane.empty() ? static_cast<int>(i) : region.plane.at(i);
        if (std::find(choice.bits.begin(), choice.bits.end(), bit) != choice.bits.end()) positions[i] = true;
    }
    return positions;
}

std::vector<Slot> slots(const CellMap& map, const std::vector<bool>& positions) {
    std::vector<Slot> found;
    int first = 0;
    for (std::size_t cell = 0; cell < map.cell_bits.size(); first += map.cell_bits[cell++]) {
        const int bits = map.cell_bits[cell];
        for (int i = 0; i < bits; ++i) {
            const auto bit = static_cast<std::size_t>(map.bit_order[static_cast<std::size_t>(first + i)]);
            if (positions[bit]) found.push_back({cell, first, bits, std::uint32_t{1} << (bits - 1 - i)});
        }
    }
    return found;
}

ChosenBits bits_of(const CodeImage& image, std::size_t r, const BitChoice& choice) {
    const Region& region = image.regions[r];
    ChosenBits bits{static_cast<std::uint32_t>(r), &region, {}};
    if (chosen(region, choice)) bits.slots = slots(region.map, chosen_positions(region, choice));
    return bits;
}

}  // namespace

std::uint32_t ChosenBits::weights(std::size_t place) const {
    std::uint32_t sum = 0;
    for (const Slot& slot : slots) sum |= slot.cell == place ? slot.weight : 0;
    return sum;
}

std::vector<ChosenBits> chosen_bits(const CodeImage& image, const BitChoice& choice, const char* caller) {
    check(image, choice, caller);
    std::vector<ChosenBits> all;
    for (std::size_t r = 0; r < image.regions.size(); ++r) {
        ChosenBits bits = bits_of(image, r, choice);
        if (!bits.slots.empty()) all.push_back(std::move(bits));
    }
    require(!all.empty(), caller,
            ": fields, bits and regions must choose a stored bit, got none of those in ",
            region_names(image));
    return all;
}

ChosenBits chosen_bits(const CodeImage& image, std::size_t region, const BitChoice& choice,
                       const char* caller) {
    check(image, choice, caller);
    return bits_of(image, region, choice);
}

}  // namespace siliconbert
