#include "siliconbert/storage/layouts.hpp"

#include <algorithm>
#include <bit>
#include <limits>
#include <numeric>

#include "siliconbert/base/check.hpp"

namespace siliconbert {

namespace {

int bits(const CellMap& map) { return std::accumulate(map.cell_bits.begin(), map.cell_bits.end(), 0); }

Region region(const char* name, Codes codes, const CellMaps& maps) {
    const auto found = maps.find(name);
    require(found != maps.end(), "store: cells must name region ", name);
    const CellMap& map = found->second;
    require(bits(map) == codes.width() && map.bit_order.size() == static_cast<std::size_t>(codes.width()),
            "store: cells of region ", name, " must hold ", codes.width(), " bits a code, got ", bits(map));
    return {name, std::move(codes), map};
}

std::size_t ones(const Codes& mask) {
    std::size_t count = 0;
    for (const std::uint64_t word : mask.words()) count += static_cast<std::size_t>(std::popcount(word));
    return count;
}

void check_mask(const Mask& mask) {
    const std::size_t elements = mask.rows * mask.columns;
    require(mask.kept.width() == 1 && mask.kept.count() == elements, "store: mask must hold ", elements,
            " bits, got ", mask.kept.bits());
    require(elements <= std::numeric_limits<std::uint32_t>::max(),
            "store: mask must have fewer than 2^32 elements, got ", elements);
}

// The same bit sequence in codes of `width` bits: neighbours share a cell.
Codes regroup(const Codes& bits_in, int width) {
    if (width == 1) return bits_in;
    const auto group = static_cast<std::size_t>(width);
    Codes out(width, (bits_in.count() + group - 1) / group);
    for (std::size_t i = 0; i < bits_in.count(); ++i) {
        if (bits_in.at(i) != 0) out.set(i / group, out.at(i / group) | 1U << (i % group));
    }
    return out;
}

}  // namespace

CodeImage store_bitmask(std::string tensor, const Mask& mask, Codes values, Codes parameters,
                        const CellMaps& maps) {
    check_mask(mask);
    require(ones(mask.kept) == values.count(), "store: values must be as many as mask keeps (",
            ones(mask.kept), "), got ", values.count());
    const auto mask_map = maps.find("mask");
    const int group = mask_map == maps.end() ? 1 : bits(mask_map->second);
    return {std::move(tensor),
            mask.rows,
            mask.columns,
            {region("values", std::move(values), maps), region("mask", regroup(mask.kept, group), maps),
             region("parameters", std::move(parameters), maps)}};
}

CodeImage store_dense(std::string tensor, const Mask& mask, Codes values, Codes parameters,
                      const CellMaps& maps) {
    check_mask(mask);
    require(values.count() == mask.kept.count(), "store: values must be one an element (", mask.kept.count(),
            "), got ", values.count());
    return {std::move(tensor),
            mask.rows,
            mask.columns,
            {region("values", std::move(values), maps), region("parameters", std::move(parameters), maps)}};
}

const std::vector<Layout>& layouts() {
    static const std::vector<Layout> all{
        {"bitmask", false, {"values", "mask", "parameters"}, &store_bitmask},
        {"dense", true, {"values", "parameters"}, &store_dense},
    };
    return all;
}

const Layout& layout(const std::string& name) {
    const auto& all = layouts();
    const auto found =
        std::find_if(all.begin(), all.end(), [&](const Layout& each) { return each.name == name; });
    if (found == all.end()) {
        std::string known;
        for (const Layout& each : all) known += (known.empty() ? "" : ", ") + each.name;
        throw std::invalid_argument(say("store: layout must be one of ", known, "; got '", name, "'"));
    }
    return *found;
}

std::vector<int> split_into_cells(int width, int bits) {
    require(bits >= 1, "store: a cell must hold at least 1 bit, got ", bits);
    std::vector<int> cells(static_cast<std::size_t>(width / bits), bits);
    if (width % bits != 0) cells.push_back(width % bits);
    return cells;
}

}  // namespace siliconbert
