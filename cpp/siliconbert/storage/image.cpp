#include "siliconbert/storage/image.hpp"

#include <algorithm>
#include <bit>

#include "siliconbert/base/check.hpp"

namespace siliconbert {

namespace {

// Calls use(value, element) for every stored value that has an element, in order.
template <class Use>
void for_each_kept(const CodeImage& image, Use&& use) {
    const std::size_t elements = image.rows * image.columns;
    const std::size_t values = region(image, "values").codes.count();
    const Region* mask = find_region(image, "mask");
    if (mask == nullptr) {
        for (std::size_t i = 0; i < std::min(values, elements); ++i) use(i, i);
        return;
    }
    // Codes are packed without gaps, lowest bit first: whatever their width, bit i of the words is element i.
    std::size_t value = 0;
    std::size_t word_start = 0;
    for (std::uint64_t word : mask->codes.words()) {
        for (; word != 0 && value < values; word &= word - 1) {
            const std::size_t element = word_start + static_cast<std::size_t>(std::countr_zero(word));
            if (element >= elements) return;  // a fault in the filling of the last cell
            use(value++, element);
        }
        word_start += 64;
    }
}

}  // namespace

const Region* find_region(const CodeImage& image, std::string_view name) {
    for (const Region& each : image.regions) {
        if (each.name == name) return &each;
    }
    return nullptr;
}

const Region& region(const CodeImage& image, std::string_view name) {
    const Region* found = find_region(image, name);
    require(found != nullptr, "image: region ", name, " missing in tensor ", image.tensor);
    return *found;
}

Mask read_mask(const CodeImage& image) {
    Mask mask{image.rows, image.columns, Codes(1, image.rows * image.columns)};
    const Region* stored = find_region(image, "mask");
    for (std::size_t i = 0; i < mask.kept.count(); ++i) {
        mask.kept.set(i, stored == nullptr
                             ? 1
                             : static_cast<std::uint32_t>(stored->codes.words()[i / 64] >> (i % 64) & 1));
    }
    return mask;
}

std::vector<std::uint32_t> kept_elements(const CodeImage& image) {
    std::vector<std::uint32_t> elements;
    elements.reserve(region(image, "values").codes.count());
    for_each_kept(image, [&](std::size_t, std::size_t element) {
        elements.push_back(static_cast<std::uint32_t>(element));
    });
    return elements;
}

void load(const CodeImage& image, std::span<const float> value_of_code, std::span<float> out) {
    const Codes& codes = region(image, "values").codes;
    require(value_of_code.size() == std::size_t{1} << codes.width(), "load: value_of_code must hold 2^",
            codes.width(), " values, got ", value_of_code.size());
    require(out.size() == image.rows * image.columns, "load: out must hold ", image.rows * image.columns,
            " values, got ", out.size());
    std::fill(out.begin(), out.end(), 0.0F);
    for_each_kept(image, [&](std::size_t value, std::size_t element) {
        out[element] = value_of_code[codes.at(value)];
    });
}

std::optional<std::vector<Changed>> changed_values(const CodeImage& image,
                                                   std::span<const std::uint32_t> elements,
                                                   std::span<const Event> events) {
    std::vector<Changed> changed;
    for (const Event& event : events) {
        const Region& where = image.regions[event.region];
        if (where.name != "values") return std::nullopt;
        const std::size_t value = event.cell / where.cells_per_code();
        if (value < elements.size()) changed.push_back({value, elements[value]});
    }
    std::sort(changed.begin(), changed.end(),
              [](const Changed& a, const Changed& b) { return a.value < b.value; });
    changed.erase(std::unique(changed.begin(), changed.end()), changed.end());
    return changed;
}

}  // namespace siliconbert
