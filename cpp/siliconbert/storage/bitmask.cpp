// Layouts with a place for every element, or a bit for every element.
#include "siliconbert/storage/parts.hpp"

namespace siliconbert {

Encoded encode_dense(Layout&, const Mask& mask) {
    Encoded found;
    for (std::uint32_t i = 0; i < mask.kept.count(); ++i) found.elements.push_back(i);
    return found;
}

void place_dense(const CodeImage& image, std::size_t values, Placement& found) {
    const std::size_t count = std::min(values, image.rows * image.columns);
    found.read.reserve(count);
    for (std::uint32_t i = 0; i < count; ++i) found.read.push_back({i, i});
}

Encoded encode_bitmask(Layout& layout, const Mask& mask) {
    Encoded found;
    std::vector<std::uint32_t> starts;
    for (std::size_t row = 0; row < mask.rows; ++row) {
        starts.push_back(static_cast<std::uint32_t>(found.elements.size()));
        for_each_one(mask.kept, row * mask.columns, (row + 1) * mask.columns,
                     [&](std::size_t i) { found.elements.push_back(static_cast<std::uint32_t>(i)); });
    }
    found.parts.push_back({"mask", mask.kept, true});
    if (option(layout, "restart") != 0) {
        add_part(found, "pointer", index_width(layout, found.elements.size() + 1), starts);
    }
    return found;
}

namespace {

// Ones and values of one restart unit, the elements first..last-1 and the values begin..end-1. More ones than
// that read on into the next unit's values.
void place_unit(const Codes& mask, std::size_t first, std::size_t last, std::size_t begin, std::size_t end,
                std::size_t values, Placement& found) {
    std::size_t value = begin;
    for_each_one(mask, first, last, [&](std::size_t element) {
        if (value < values) {
            found.read.push_back({static_cast<std::uint32_t>(value), static_cast<std::uint32_t>(element)});
        }
        ++value;
    });
    if (end < begin) return;
    found.repairs["mask_more"] += value > end ? value - end : 0;
    found.repairs["mask_fewer"] += value < end ? end - value : 0;
}

}  // namespace

void place_bitmask(const CodeImage& image, std::size_t values, Placement& found) {
    const Codes& mask = region(image, "mask").codes;
    found.read.reserve(values);
    if (option(image.layout, "restart") == 0) {
        place_unit(mask, 0, image.rows * image.columns, 0, values, values, found);
        return;
    }
    const Numbers pointer(image, "pointer");
    for (std::size_t row = 0; row < image.rows; ++row) {
        const std::size_t begin = pointer[row];
        const std::size_t end = row + 1 < image.rows ? pointer[row + 1] : values;
        found.repairs["pointer_outside"] += begin > values;
        found.repairs["pointer_order"] += end < begin;
        place_unit(mask, row * image.columns, (row + 1) * image.columns, begin, end, values, found);
    }
}

}  // namespace siliconbert
