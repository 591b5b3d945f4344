// Reading a stored image back, however faulty it is, and which elements a list of events changed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "siliconbert/base/words.hpp"

namespace siliconbert {

// The region of that name; nullptr if the image has none.
const Region* find_region(const CodeImage& image, std::string_view name);
const Region& region(const CodeImage& image, std::string_view name);

// The mask as it now reads; all ones where the layout has none.
Mask read_mask(const CodeImage& image);

// Element (row-major) of each stored value that the mask has a place for: with a mask that faults left with
// fewer ones than values the last values have no element, with more ones the last elements have no value.
std::vector<std::uint32_t> kept_elements(const CodeImage& image);

// Fills out (rows * columns) with the value of each element's code, 0 where there is none.
void load(const CodeImage& image, std::span<const float> value_of_code, std::span<float> out);

// A stored value that an event touched: its index in the region "values" and its element in the tensor.
struct Changed {
    std::size_t value;
    std::size_t element;
    bool operator==(const Changed&) const = default;
};

// The values that events touched, ascending, each once. Nothing if an event lies in another region: then
// elements may have moved and the whole tensor is to be loaded again. `elements` is kept_elements of the
// image.
std::optional<std::vector<Changed>> changed_values(const CodeImage& image,
                                                   std::span<const std::uint32_t> elements,
                                                   std::span<const Event> events);

}  // namespace siliconbert
