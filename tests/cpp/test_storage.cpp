#include "catch2.hpp"
#include "siliconbert/base/philox.hpp"
#include "siliconbert/storage/image.hpp"
#include "siliconbert/storage/layouts.hpp"
#include "siliconbert/storage/store.hpp"

using namespace siliconbert;

namespace {

Storing how(int mask_bits, Layout layout = {"bitmask"}) {
    return {std::move(layout), {{"values", {"any", 3}}, {"mask", {"any", mask_bits}}, {"*", {"any", 1}}}};
}

Mask mask_of(std::size_t rows, std::size_t columns, const std::vector<std::size_t>& ones) {
    Mask mask{rows, columns, Codes(1, rows * columns)};
    for (const std::size_t element : ones) mask.kept.set(element, 1);
    return mask;
}

// 5 x 30 elements, three kept; their codes are 1, 2 and 3. The last kept element opens the third word.
const std::vector<std::size_t> kept{4, 63, 128};

CodeImage bitmask(int mask_bits) {
    Codes codes(8, 150);
    for (std::size_t i = 0; i < 3; ++i) codes.set(kept[i], static_cast<std::uint32_t>(i + 1));
    return store("w", mask_of(5, 30, kept), codes, Codes(8, 1), how(mask_bits));
}

std::vector<float> load(const CodeImage& image) {
    std::vector<float> table(256);
    for (std::size_t code = 0; code < table.size(); ++code) table[code] = static_cast<float>(code) * 10;
    std::vector<float> out(image.rows * image.columns, -1.0F);
    load(
        image, [&](std::uint32_t code, std::size_t) { return table[code]; }, out);
    return out;
}

std::vector<std::uint32_t> elements(const CodeImage& image) {
    std::vector<std::uint32_t> found;
    for (const Placed& each : placement(image).read) found.push_back(each.element);
    return found;
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
        CHECK(elements(image) == std::vector<std::uint32_t>{4, 63, 128});
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
    CHECK(elements(fewer).size() == 2);
}

TEST_CASE("a fault in the filling of the mask's last cell changes nothing") {
    CodeImage image = store("w", mask_of(1, 4, {0}), Codes(8, 4), Codes(8, 1), how(3));
    CHECK(image.regions[1].codes.bits() == 6);
    image.regions[1].codes.set(0, 0);
    image.regions[1].codes.set(1, 0b110);
    image.regions[0].codes.set(0, 1);
    CHECK(load(image) == std::vector<float>(4, 0.0F));
    CHECK(elements(image).empty());
}

TEST_CASE("a dense image has a value for every element") {
    Codes values(8, 6);
    values.set(5, 7);
    const CodeImage image = store("w", mask_of(2, 3, {5}), values, Codes(8, 1), how(1, {"dense"}));
    CHECK(image.regions.size() == 2);
    CHECK(load(image) == std::vector<float>{0, 0, 0, 0, 0, 70});
    CHECK(elements(image).size() == 6);
}

TEST_CASE("events name the elements they change") {
    const CodeImage image = bitmask(1);
    const Placement clean = placement(image);
    const std::vector<Event> events{{0, 8, 0, 1}, {0, 1, 0, 1}, {0, 6, 0, 1}};
    const auto changed = changed_values(image, clean, events);
    REQUIRE(changed);
    CHECK(*changed == std::vector<Placed>{{0, 4}, {2, 128}});
    CHECK_FALSE(changed_values(image, clean, std::vector<Event>{{0, 0, 0, 1}, {1, 0, 0, 1}}));
    CHECK_FALSE(changed_values(image, clean, std::vector<Event>{{2, 0, 0, 1}}));
}

TEST_CASE("changed values are all that a trial in the values region has to reload") {
    CodeImage image = bitmask(1);
    const std::vector<float> before = load(image);
    const std::vector<Event> events{{0, 0, 0, 5}, {0, 7, 0, 4}};
    const auto changed = changed_values(image, placement(image), events);
    apply_events(image, events);
    std::vector<float> patched = before;
    for (const Placed& each : *changed) {
        patched[each.element] = static_cast<float>(image.regions[0].codes.at(each.value)) * 10;
    }
    CHECK(patched == load(image));
}

TEST_CASE("parts that do not fit together are refused") {
    const Mask mask = mask_of(1, 4, {0});
    CHECK_THROWS_WITH(store("w", mask, Codes(8, 2), Codes(8, 1), how(1)),
                      ContainsSubstring("one an element (4), got 2"));
    CHECK_THROWS_WITH(store("w", mask, Codes(8, 4), Codes(8, 1), {{}, {{"mask", {"any", 1}}}}),
                      ContainsSubstring("a cell for region 'values'"));
    CHECK_THROWS_WITH(store("w", mask, Codes(8, 4), Codes(8, 1), how(1, {"cssr"})),
                      ContainsSubstring("got 'cssr'"));
    CHECK_THROWS_WITH(split_into_cells(8, 0), ContainsSubstring("at least 1 bit"));
}
