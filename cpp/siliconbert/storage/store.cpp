#include "siliconbert/storage/store.hpp"

#include <algorithm>
#include <numeric>

#include "siliconbert/base/ceil_divide.hpp"
#include "siliconbert/base/check.hpp"
#include "siliconbert/storage/ecc.hpp"

namespace siliconbert {

namespace {

template <class T>
const T* find_for(const ByRegion<T>& all, std::string name) {
    for (;;) {
        if (const auto found = all.find(name); found != all.end()) return &found->second;
        if (name == "*") return nullptr;
        const std::size_t dot = name.rfind('.');
        name = dot == std::string::npos ? "*" : name.substr(0, dot);
    }
}

const CellType& cell_of(const std::string& region, const Storing& how) {
    const CellType* found = find_for(how.cells, region);
    require(found != nullptr, "store: cells must name a cell for region '", region, "' or '*'");
    return *found;
}

std::vector<int> highest_first(int width) {
    std::vector<int> order(static_cast<std::size_t>(width));
    std::iota(order.rbegin(), order.rend(), 0);
    return order;
}

Region in_cells(std::string name, Codes codes, std::vector<int> bit_order, const Storing& how) {
    const CellType& cell = cell_of(name, how);
    const bool* gray = find_for(how.gray, name);
    CellMap map{cell.name,
                std::move(bit_order),
                split_into_cells(codes.width(), cell.bits),
                {},
                gray != nullptr && *gray};
    return {std::move(name), std::move(codes), std::move(map)};
}

// The same bit sequence in codes of `width` bits: neighbours share a cell, the first in the highest bit.
Codes regroup(const Codes& bits_in, int width) {
    if (width == 1) return bits_in;
    const auto group = static_cast<std::size_t>(width);
    Codes out(width, ceil_divide(bits_in.count(), group));
    for (std::size_t i = 0; i < bits_in.count(); ++i) {
        if (bits_in.at(i) != 0) out.set(i / group, out.at(i / group) | 1U << (i % group));
    }
    return out;
}

Region single_bits(std::string name, const Codes& bits, const Storing& how) {
    Codes codes = regroup(bits, cell_of(name, how).bits);
    std::vector<int> order(static_cast<std::size_t>(codes.width()));
    std::iota(order.begin(), order.end(), 0);
    return in_cells(std::move(name), std::move(codes), std::move(order), how);
}

void check_mask(const Mask& mask) {
    require(mask.kept.width() == 1 && mask.kept.count() == mask.rows * mask.columns, "store: mask must hold ",
            mask.rows * mask.columns, " bits, got ", mask.kept.bits());
    require(mask.kept.count() < outside, "store: mask must have fewer than 2^32 elements, got ",
            mask.kept.count());
}

void check_permutation(const std::vector<int>& bits, int width, const char* what) {
    std::vector<int> sorted = bits;
    std::sort(sorted.rbegin(), sorted.rend());
    require(sorted == highest_first(width), "store: ", what, " must name each bit 0..", width - 1, " once");
}

// The codes of the stored values; padding beyond the matrix is stored as code 0.
Codes gather(const Codes& codes, const std::vector<std::uint32_t>& elements) {
    Codes values(codes.width(), elements.size());
    for (std::size_t i = 0; i < elements.size(); ++i) {
        if (elements[i] != outside) values.set(i, codes.at(elements[i]));
    }
    return values;
}

Region plane_of(const Codes& values, const std::string& field, const std::vector<int>& bits,
                const Storing& how) {
    Codes part(static_cast<int>(bits.size()), values.count());
    for (std::size_t i = 0; i < values.count(); ++i) {
        const std::uint32_t code = values.at(i);
        std::uint32_t own = 0;
        for (const int bit : bits) own = own << 1 | (code >> bit & 1U);
        part.set(i, own);
    }
    const std::vector<int> order = highest_first(part.width());
    Region region = in_cells("values." + field, std::move(part), order, how);
    region.map.fields = {{field, order}};
    region.plane.assign(bits.rbegin(), bits.rend());
    return region;
}

void add_whole_values(CodeImage& image, Codes values, const Storing& how) {
    const int width = values.width();
    std::vector<int> order = how.bit_order.empty() ? highest_first(width) : how.bit_order;
    check_permutation(order, width, "bit_order");
    image.regions.push_back(in_cells("values", std::move(values), std::move(order), how));
    image.regions.back().map.fields = how.fields;
}

void add_planes(CodeImage& image, const Codes& values, const Storing& how) {
    std::vector<int> all;
    for (const auto& [field, bits] : how.fields) all.insert(all.end(), bits.begin(), bits.end());
    check_permutation(all, values.width(), "fields");
    for (const char* field : {"sign", "exponent", "mantissa"}) {
        const auto found = how.fields.find(field);
        if (found == how.fields.end() || found->second.empty()) continue;
        image.regions.push_back(plane_of(values, field, found->second, how));
    }
}

void add_check_bits(CodeImage& image, const Storing& how) {
    const std::size_t count = image.regions.size();
    for (std::size_t r = 0; r < count; ++r) {
        const std::string* name = find_for(how.ecc, image.regions[r].name);
        if (name == nullptr || name->empty()) continue;
        const EccCode& code = ecc_code(*name);
        Codes check = check_bits(image.regions[r].codes, code);
        const std::string where = image.regions[r].name + ".check";
        const int width = code.check_bits();
        image.regions.push_back(width == 1 ? single_bits(where, check, how)
                                           : in_cells(where, std::move(check), highest_first(width), how));
        image.regions.back().ecc = code.name();
    }
}

}  // namespace

CodeImage store(std::string tensor, const Mask& mask, const Codes& codes, Codes parameters,
                const Storing& how) {
    check_mask(mask);
    require(codes.count() == mask.kept.count(), "store: codes must be one an element (", mask.kept.count(),
            "), got ", codes.count());
    CodeImage image{std::move(tensor), mask.rows, mask.columns, {}, complete(how.layout)};
    Encoded encoded = layout_kind(image.layout.name).encode(image.layout, mask);
    require(encoded.elements.size() < outside, "store: there must be fewer than 2^32 stored values, got ",
            encoded.elements.size());
    Codes values = gather(codes, encoded.elements);
    if (how.planes) {
        add_planes(image, values, how);
    } else {
        add_whole_values(image, std::move(values), how);
    }
    for (Part& part : encoded.parts) {
        const int width = part.codes.width();
        image.regions.push_back(part.shares_cells
                                    ? single_bits(part.name, part.codes, how)
                                    : in_cells(part.name, std::move(part.codes), highest_first(width), how));
    }
    if (parameters.count() != 0) {
        const int width = parameters.width();
        image.regions.push_back(in_cells("parameters", std::move(parameters), highest_first(width), how));
    }
    add_check_bits(image, how);
    return image;
}

std::vector<int> split_into_cells(int width, int bits) {
    require(bits >= 1, "store: a cell must hold at least 1 bit, got ", bits);
    std::vector<int> cells(static_cast<std::size_t>(width / bits), bits);
    if (width % bits != 0) cells.push_back(width % bits);
    return cells;
}

}  // namespace siliconbert
