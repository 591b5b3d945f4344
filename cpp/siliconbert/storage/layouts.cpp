#include "siliconbert/storage/layouts.hpp"

#include <algorithm>

#include "siliconbert/storage/parts.hpp"

namespace siliconbert {

namespace {

constexpr std::size_t largest_option = 65536;
constexpr std::size_t largest_block = 65536;  // elements; edge blocks are stored whole, whatever the matrix

template <class Names>
std::string joined(const Names& names) {
    std::string all;
    for (const auto& name : names) all += (all.empty() ? "" : ", ") + name;
    return all;
}

}  // namespace

const std::vector<LayoutKind>& layout_kinds() {
    const std::map<std::string, std::size_t> index{{"index_bits", 0}};
    const std::map<std::string, std::size_t> block{{"block_rows", 16}, {"block_columns", 16}};
    const auto with = [](std::map<std::string, std::size_t> a, const std::map<std::string, std::size_t>& b) {
        a.insert(b.begin(), b.end());
        return a;
    };
    static const std::vector<LayoutKind> all{
        {"bitmask", with({{"restart", 0}}, index), {"mask", "pointer"}, &encode_bitmask, &place_bitmask},
        {"block_bitmap", block, {"mask"}, &encode_block_bitmap, &place_block_bitmap},
        {"bsr", with(block, index), {"index", "pointer"}, &encode_bsr, &place_bsr},
        {"coo", index, {"index.row", "index.column"}, &encode_coo, &place_coo},
        {"csb", with({{"bank", 16}, {"kept", 0}}, index), {"index"}, &encode_csb, &place_csb},
        {"cscb", with(with({{"kept", 0}}, block), index), {"index"}, &encode_cscb, &place_cscb},
        {"csr", index, {"index", "pointer"}, &encode_csr, &place_csr},
        {"dense", {}, {}, &encode_dense, &place_dense},
        {"nm", with({{"n", 2}, {"m", 4}}, index), {"index"}, &encode_n_of_m, &place_n_of_m},
        {"rle", {{"run_bits", 4}}, {"count"}, &encode_run_length, &place_run_length},
    };
    return all;
}

const LayoutKind& layout_kind(const std::string& name) {
    const auto& all = layout_kinds();
    const auto found =
        std::find_if(all.begin(), all.end(), [&](const LayoutKind& each) { return each.name == name; });
    if (found != all.end()) return *found;
    std::vector<std::string> known;
    for (const LayoutKind& each : all) known.push_back(each.name);
    throw std::invalid_argument(say("store: layout must be one of ", joined(known), "; got '", name, "'"));
}

Layout complete(Layout layout) {
    const LayoutKind& kind = layout_kind(layout.name);
    std::vector<std::string> known;
    for (const auto& [name, standard] : kind.options) known.push_back(name);
    for (const auto& [name, value] : layout.options) {
        require(kind.options.contains(name), "store: options of layout ", layout.name, " must be among ",
                known.empty() ? "none" : joined(known), "; got '", name, "'");
        const std::size_t least = kind.options.at(name) == 0 ? 0 : 1;
        require(value >= least && value <= largest_option, "store: ", name, " of layout ", layout.name,
                " must be in ", least, "..", largest_option, ", got ", value);
    }
    layout.options.insert(kind.options.begin(), kind.options.end());
    if (kind.options.contains("block_rows")) {
        const std::size_t block = layout.options.at("block_rows") * layout.options.at("block_columns");
        require(block <= largest_block, "store: block of layout ", layout.name, " must have at most ",
                largest_block, " elements, got ", block);
    }
    return layout;
}

std::size_t option(const Layout& layout, const char* name) {
    const auto found = layout.options.find(name);
    return found == layout.options.end() ? layout_kind(layout.name).options.at(name) : found->second;
}

int index_width(const Layout& layout, std::size_t count) {
    const int least = bits_for(count);
    const std::size_t asked = option(layout, "index_bits");
    if (asked == 0) return least;
    require(asked <= 32 && static_cast<int>(asked) >= least, "store: index_bits of layout ", layout.name,
            " must be in ", least, "..32 for ", count, " different numbers, got ", asked);
    return static_cast<int>(asked);
}

void add_part(Encoded& to, const char* name, int width, const std::vector<std::uint32_t>& numbers) {
    if (width == 0 || numbers.empty()) return;
    Codes codes(width, numbers.size());
    for (std::size_t i = 0; i < numbers.size(); ++i) codes.set(i, numbers[i]);
    to.parts.push_back({name, std::move(codes), false});
}

}  // namespace siliconbert
