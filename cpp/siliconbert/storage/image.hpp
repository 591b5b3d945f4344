// Reading a stored image back, however faulty it is, and which elements a list of events changed.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "siliconbert/base/check.hpp"
#include "siliconbert/base/words.hpp"

namespace siliconbert {

// The region of that name; nullptr if the image has none.
const Region* find_region(const CodeImage& image, std::string_view name);
const Region& region(const CodeImage& image, std::string_view name);

// Whether a region holds values' codes or a plane of them ("values", "values.sign", ..., no check bits).
bool holds_values(const Region& region);

// The codes of all stored values, put together from planes where they lie in several regions.
class ValueCodes {
 public:
    explicit ValueCodes(const CodeImage& image);

    int width() const { return width_; }
    std::size_t count() const { return count_; }

    std::uint32_t at(std::size_t i) const {
        if (whole_ != nullptr) return whole_->at(i);
        std::uint32_t code = 0;
        for (const Region* plane : planes_) {
            const std::uint32_t part = plane->codes.at(i);
            for (std::size_t j = 0; j < plane->plane.size(); ++j) code |= (part >> j & 1U) << plane->plane[j];
        }
        return code;
    }

 private:
    const Codes* whole_ = nullptr;
    std::vector<const Region*> planes_;
    int width_ = 0;
    std::size_t count_ = 0;
};

// A stored value and the element (row-major) that it is read into.
struct Placed {
    std::uint32_t value;
    std::uint32_t element;
    bool operator==(const Placed&) const = default;
};

// Which stored value each element is read from. Every image has one: what a fault left without sense is
// repaired as documented at `repairs`, and counted there.
struct Placement {
    std::vector<Placed> read;  // in the order of reading: where an element is named twice the last one counts
    std::map<std::string, std::size_t> repairs;  // kind -> count; see repair_kinds
};

// What the counts of Placement::repairs mean.
const std::map<std::string, std::string>& repair_kinds();

Placement placement(const CodeImage& image);

// Elements that have a stored value, as the image now reads.
Mask read_mask(const CodeImage& image);

// Fills out (rows * columns) with decode(code, element) of each placed value, 0 elsewhere.
template <class Decode>
void load(const CodeImage& image, const Placement& placement, const Decode& decode, std::span<float> out) {
    require(out.size() == image.rows * image.columns, "load: out must hold ", image.rows * image.columns,
            " values, got ", out.size());
    std::fill(out.begin(), out.end(), 0.0F);
    const ValueCodes codes(image);
    for (const Placed& each : placement.read) {
        out[each.element] = decode(codes.at(each.value), std::size_t{each.element});
    }
}

template <class Decode>
void load(const CodeImage& image, const Decode& decode, std::span<float> out) {
    load(image, placement(image), decode, out);
}

// The elements whose values events touched, by value, each once. Nothing if an event lies in the structure or
// the parameters: then any element may differ and the whole tensor is to be loaded again. Events in check
// bits alone change nothing. `clean` is the placement of the image before the events.
std::optional<std::vector<Placed>> changed_values(const CodeImage& image, const Placement& clean,
                                                  std::span<const Event> events);

}  // namespace siliconbert
