#include "catch2.hpp"
#include "siliconbert/base/philox.hpp"
#include "siliconbert/storage/image.hpp"
#include "siliconbert/storage/layouts.hpp"

using namespace siliconbert;

namespace {

CellMap cells(const char* cell, int width, int bits) {
    CellMap map{cell, {}, split_into_cells(width, bits)};
    for (int bit = width - 1; bit >= 0; --bit) map.bit_order.push_back(bit);
    return map;
}

CellMaps maps(int mask_bits) {
    CellMap mask = cells("any", mask_bits, mask_bits);
    std::reverse(mask.bit_order.begin(), mask.bit_order.end());
    return {{"values", cells("any", 8, 3)}, {"mask", mask}, {"parameters", cells("any", 8, 1)}};
}

Mask mask_of(std::size_t rows, std::size_t columns, const std::vector<std::size_t>& ones) {
    Mask mask{rows, columns, Codes(1, rows * columns)};
    for (const std::size_t element : ones) mask.kept.set(element, 1);
    return mask;
}

// 5 x 30 elements, three kept; their codes are 1, 2 and 3. The last kept element opens the third word.
const std::vector<std::size_t> kept{4, 63, 128};

CodeImage bitmask(int mask_bits) {
    Codes values(8, 3);
    for (std::size_t i = 0; i < 3; ++i) values.set(i, static_cast<std::uint32_t>(i + 1));
    return store_bitmask("w", mask_of(5, 30, kept), values, Codes(8, 1), maps(mask_bits));
}

std::vector<float> load(const CodeImage& image) {
    std::vector<float> table(256);
    for (std::size_t code = 0; code < table.size(); ++code) table[code] = static_cast<float>(code) * 10;
    std::vector<float> out(image.rows * image.columns, -1.0F);
    load(image, table, out);
    return out;
}

// Flips the mask bit of an element, as a fault would.
void flip(CodeImage& image, std::size_t element) {
    Codes& codes = image.regions[1].codes;
    const auto width = static_cast<std::size_t>(codes.width());
    codes.set(element / width, codes.at(element / width) ^ 1U << element % width);
}

}  // namespace

TEST_CASE("a bitmask image is as large as its parts and loads what was stored") {
    for (const int mask_bits : {1, 2, 3}) {
        const CodeImage image = bitmask(mask_bits);
        CHECK(image.regions[0].codes.bits() == 3 * 8);
        CHECK(image.regions[0].cells() == 3 * 3);
        CHECK(image.regions[1].codes.bits() == 150);
        CHECK(image.regions[1].cells() == 150 / static_cast<std::size_t>(mask_bits));
        CHECK(image.regions[2].codes.bits() == 8);
        const std::vector<float> out = load(image);
        for (std::size_t i = 0; i < out.size(); ++i) {
            CHECK(out[i] == (i == 4 ? 10 : i == 63 ? 20 : i == 128 ? 30 : 0));
        }
        CHECK(read_mask(image) == mask_of(5, 30, kept));
        CHECK(kept_elements(image) == std::vector<std::uint32_t>{4, 63, 128});
    }
}

TEST_CASE("mask bits that share a cell follow one another from its highest bit") {
    const CodeImage image = bitmask(3);
    CHECK(image.regions[1].level(1) == 0b010);   // elements 3, 4, 5
    CHECK(image.regions[1].level(21) == 0b100);  // elements 63, 64, 65
}

TEST_CASE("a faulty mask still has a reading") {
    CodeImage more = bitmask(1);
    flip(more, 10);
    std::vector<float> out = load(more);
    CHECK(out[4] == 10);
    CHECK(out[10] == 20);
    CHECK(out[63] == 30);
    CHECK(out[128] == 0);
    CodeImage fewer = bitmask(1);
    flip(fewer, 4);
    out = load(fewer);
    CHECK(out[4] == 0);
    CHECK(out[63] == 10);
    CHECK(out[128] == 20);
    CHECK(kept_elements(fewer).size() == 2);
}

TEST_CASE("a fault in the filling of the mask's last cell changes nothing") {
    CodeImage image = store_bitmask("w", mask_of(1, 4, {0}), Codes(8, 1), Codes(8, 1), maps(3));
    CHECK(image.regions[1].codes.bits() == 6);
    image.regions[1].codes.set(0, 0);
    image.regions[1].codes.set(1, 0b110);
    image.regions[0].codes.set(0, 1);
    CHECK(load(image) == std::vector<float>(4, 0.0F));
    CHECK(kept_elements(image).empty());
}

TEST_CASE("a dense image has a value for every element") {
    Codes values(8, 6);
    values.set(5, 7);
    const CodeImage image = store_dense("w", mask_of(2, 3, {5}), values, Codes(8, 1), maps(1));
    CHECK(image.regions.size() == 2);
    CHECK(load(image) == std::vector<float>{0, 0, 0, 0, 0, 70});
    CHECK(kept_elements(image).size() == 6);
}

TEST_CASE("events name the elements they change") {
    const CodeImage image = bitmask(1);
    const auto elements = kept_elements(image);
    const std::vector<Event> events{{0, 8, 0, 1}, {0, 1, 0, 1}, {0, 6, 0, 1}};
    const auto changed = changed_values(image, elements, events);
    REQUIRE(changed);
    CHECK(*changed == std::vector<Changed>{{0, 4}, {2, 128}});
    CHECK_FALSE(changed_values(image, elements, std::vector<Event>{{0, 0, 0, 1}, {1, 0, 0, 1}}));
    CHECK_FALSE(changed_values(image, elements, std::vector<Event>{{2, 0, 0, 1}}));
}

TEST_CASE("changed values are all that a trial in the values region has to reload") {
    CodeImage image = bitmask(1);
    const std::vector<float> before = load(image);
    const std::vector<Event> events{{0, 0, 0, 5}, {0, 7, 0, 4}};
    const auto changed = changed_values(image, kept_elements(image), events);
    apply_events(image, events);
    std::vector<float> patched = before;
    for (const Changed& each : *changed) {
        patched[each.element] = static_cast<float>(image.regions[0].codes.at(each.value)) * 10;
    }
    CHECK(patched == load(image));
}

TEST_CASE("parts that do not fit together are refused") {
    const Mask mask = mask_of(1, 4, {0});
    CHECK_THROWS_WITH(store_bitmask("w", mask, Codes(8, 2), Codes(8, 1), maps(1)),
                      ContainsSubstring("as many as mask keeps (1), got 2"));
    CHECK_THROWS_WITH(store_dense("w", mask, Codes(8, 2), Codes(8, 1), maps(1)),
                      ContainsSubstring("(4), got 2"));
    CHECK_THROWS_WITH(store_bitmask("w", mask, Codes(7, 1), Codes(8, 1), maps(1)),
                      ContainsSubstring("must hold 7 bits a code, got 8"));
    CHECK_THROWS_WITH(store_dense("w", mask, Codes(8, 4), Codes(8, 1), {}),
                      ContainsSubstring("region values"));
    CHECK_THROWS_WITH(layout("csr"), ContainsSubstring("one of bitmask, dense; got 'csr'"));
    CHECK_THROWS_WITH(split_into_cells(8, 0), ContainsSubstring("at least 1 bit"));
}
