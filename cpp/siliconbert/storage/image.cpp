#include "siliconbert/storage/image.hpp"

#include "siliconbert/storage/layouts.hpp"

namespace siliconbert {

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

bool holds_values(const Region& region) {
    return region.ecc.empty() && (region.name == "values" || region.name.starts_with("values."));
}

ValueCodes::ValueCodes(const CodeImage& image) {
    for (const Region& each : image.regions) {
        if (!holds_values(each)) continue;
        if (each.plane.empty()) whole_ = &each.codes;
        planes_.push_back(&each);
        width_ += each.codes.width();
        require(planes_.size() == 1 || each.codes.count() == count_, "image: region ", each.name,
                " must hold ", count_, " codes, got ", each.codes.count());
        count_ = each.codes.count();
        require(each.plane.empty() || each.plane.size() == static_cast<std::size_t>(each.codes.width()),
                "image: region ", each.name, " must name ", each.codes.width(), " bits of a value, got ",
                each.plane.size());
    }
    require(!planes_.empty() && (whole_ == nullptr || planes_.size() == 1) && width_ <= 32, "image: tensor ",
            image.tensor, " must have region values or planes of it");
    for (const Region* plane : planes_) {
        for (const int bit : plane->plane) {
            require(bit >= 0 && bit < width_, "image: region ", plane->name, " must name bits below ", width_,
                    ", got ", bit);
        }
    }
}

const std::map<std::string, std::string>& repair_kinds() {
    static const std::map<std::string, std::string> all{
        {"index_outside", "values or blocks whose index lies outside the matrix: dropped"},
        {"pointer_outside", "pointers beyond the last value or block: read as its end"},
        {"pointer_order", "rows that end before they start: read as empty"},
        {"row_overfull", "values or blocks beyond the length of their row: dropped"},
        {"element_twice", "values for an element that has one already: the last one counts"},
        {"mask_more", "ones of the mask beyond the stored values of their restart unit"},
        {"mask_fewer", "stored values of a restart unit beyond the ones of its mask"},
        {"run_outside", "values beyond the last element: dropped"},
    };
    return all;
}

namespace {

// Only an index can name an element twice; masks and runs cannot.
bool has_index(const CodeImage& image) {
    return std::any_of(image.regions.begin(), image.regions.end(), [](const Region& each) {
        return each.ecc.empty() && (each.name == "index" || each.name.starts_with("index."));
    });
}

std::size_t named_twice(const Placement& found, std::size_t elements) {
    std::vector<bool> seen(elements);
    std::size_t twice = 0;
    for (const Placed& each : found.read) {
        twice += seen[each.element];
        seen[each.element] = true;
    }
    return twice;
}

}  // namespace

Placement placement(const CodeImage& image) {
    Placement found;
    const std::size_t values = ValueCodes(image).count();
    require(image.rows * image.columns < outside && values < outside, "image: tensor ", image.tensor,
            " must have fewer than 2^32 elements and stored values");
    complete(image.layout);
    layout_kind(image.layout.name).place(image, values, found);
    if (has_index(image)) found.repairs["element_twice"] = named_twice(found, image.rows * image.columns);
    std::erase_if(found.repairs, [](const auto& repair) { return repair.second == 0; });
    return found;
}

Mask read_mask(const CodeImage& image) {
    Mask mask{image.rows, image.columns, Codes(1, image.rows * image.columns)};
    for (const Placed& each : placement(image).read) mask.kept.set(each.element, 1);
    return mask;
}

std::optional<std::vector<Placed>> changed_values(const CodeImage& image, const Placement& clean,
                                                  std::span<const Event> events) {
    const auto before = [](const Placed& a, const Placed& b) { return a.value < b.value; };
    std::vector<Placed> changed;
    for (const Event& event : events) {
        const Region& where = image.regions[event.region];
        if (!where.ecc.empty()) continue;
        if (!holds_values(where)) return std::nullopt;
        const Placed value{static_cast<std::uint32_t>(event.cell / where.cells_per_code()), 0};
        const auto found = std::lower_bound(clean.read.begin(), clean.read.end(), value, before);
        if (found != clean.read.end() && found->value == value.value) changed.push_back(*found);
    }
    std::sort(changed.begin(), changed.end(), before);
    changed.erase(std::unique(changed.begin(), changed.end()), changed.end());
    return changed;
}

}  // namespace siliconbert
