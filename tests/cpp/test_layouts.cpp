#include <set>

#include "catch2.hpp"
#include "siliconbert/base/philox.hpp"
#include "siliconbert/storage/store.hpp"

using namespace siliconbert;

namespace {

std::uint32_t draw(std::uint32_t a, std::uint32_t b) { return philox({a, b, 0, 0}, {3, 1})[0]; }

// A mask that any layout but cscb takes: at most two of four neighbours are kept.
Mask some_mask(std::size_t rows, std::size_t columns, std::uint32_t seed) {
    Mask mask{rows, columns, Codes(1, rows * columns)};
    for (std::size_t i = 0; i < mask.kept.count(); ++i) {
        const std::size_t column = i % columns;
        mask.kept.set(i, column % 2 == 0 && draw(seed, static_cast<std::uint32_t>(i)) % 3 == 0);
    }
    return mask;
}

// The same number of 2 x 3 blocks in every block column.
Mask column_balanced(std::size_t rows, std::size_t columns) {
    Mask mask{rows, columns, Codes(1, rows * columns)};
    for (std::size_t i = 0; i < mask.kept.count(); ++i) {
        const std::size_t row = i / columns / 2;
        const std::size_t column = i % columns / 3;
        mask.kept.set(i, (row + column) % 3 == 0);
    }
    return mask;
}

std::vector<Layout> all_layouts() {
    return {{"dense"},
            {"bitmask"},
            {"bitmask", {{"restart", 1}}},
            {"coo"},
            {"csr"},
            {"csr", {{"index_bits", 32}}},
            {"rle", {{"run_bits", 1}}},
            {"rle", {{"run_bits", 4}}},
            {"csb", {{"bank", 5}}},
            {"nm"},
            {"bsr", {{"block_rows", 2}, {"block_columns", 3}}},
            {"cscb", {{"block_rows", 2}, {"block_columns", 3}}},
            {"block_bitmap", {{"block_rows", 4}, {"block_columns", 2}}}};
}

Codes codes_of(const Mask& mask) {
    Codes codes(7, mask.kept.count());
    for (std::size_t i = 0; i < codes.count(); ++i) {
        if (mask.kept.at(i) != 0) codes.set(i, static_cast<std::uint32_t>(1 + i % 127));
    }
    return codes;
}

CodeImage stored(const Layout& layout, const Mask& mask, int bits = 2) {
    return store("w", mask, codes_of(mask), Codes(8, 1), {layout, {{"*", {"any", bits}}}});
}

std::vector<float> loaded(const CodeImage& image) {
    std::vector<float> out(image.rows * image.columns, -1.0F);
    load(
        image, [](std::uint32_t code, std::size_t) { return static_cast<float>(code); }, out);
    return out;
}

void randomize(Codes& codes, std::uint32_t seed) {
    for (std::size_t i = 0; i < codes.count(); ++i) codes.set(i, draw(seed, static_cast<std::uint32_t>(i)));
}

}  // namespace

TEST_CASE("every layout loads what was stored, at every odd size") {
    const std::pair<std::size_t, std::size_t> sizes[] = {{1, 1}, {1, 7}, {9, 1}, {12, 18}, {7, 23}, {40, 33}};
    for (const Layout& layout : all_layouts()) {
        for (const auto& [rows, columns] : sizes) {
            for (const std::uint32_t seed : {0U, 1U}) {
                const Mask mask = layout.name == "cscb" ? column_balanced(rows - rows % 6, columns)
                                                        : some_mask(rows, columns, seed);
                const CodeImage image = stored(layout, mask);
                const std::vector<float> out = loaded(image);
                const Codes codes = codes_of(mask);
                for (std::size_t i = 0; i < out.size(); ++i) {
                    REQUIRE(out[i] == static_cast<float>(codes.at(i)));
                }
                const Placement clean = placement(image);
                CHECK(clean.repairs.empty());
                const bool ascending =
                    std::is_sorted(clean.read.begin(), clean.read.end(),
                                   [](const Placed& a, const Placed& b) { return a.value < b.value; });
                CHECK(ascending);
                const Mask held = read_mask(image);
                for (std::size_t i = 0; i < out.size(); ++i) CHECK(held.kept.at(i) >= mask.kept.at(i));
            }
        }
    }
}

TEST_CASE("masks that keep nothing and masks that keep all have a reading") {
    for (const Layout& layout : all_layouts()) {
        for (const std::uint32_t bit : {0U, 1U}) {
            if (layout.name == "nm" && bit == 1) continue;
            Mask mask{6, 6, Codes(1, 36)};
            for (std::size_t i = 0; i < 36; ++i) mask.kept.set(i, bit);
            const std::vector<float> out = loaded(stored(layout, mask));
            for (std::size_t i = 0; i < 36; ++i) CHECK(out[i] == static_cast<float>(bit * (1 + i)));
        }
    }
}

TEST_CASE("no content of the cells reads or writes outside") {
    for (const Layout& layout : all_layouts()) {
        const Mask mask = layout.name == "cscb" ? column_balanced(12, 23) : some_mask(13, 23, 2);
        const CodeImage clean = stored(layout, mask, 3);
        for (std::uint32_t seed = 0; seed < 60; ++seed) {
            CodeImage bad = clean;
            for (std::uint32_t r = 0; r < bad.regions.size(); ++r) {
                if (seed < 20 || draw(seed, r) % 2 == 0) randomize(bad.regions[r].codes, 100 * seed + r);
            }
            const Placement found = placement(bad);
            for (const Placed& each : found.read) {
                REQUIRE(each.value < ValueCodes(bad).count());
                REQUIRE(each.element < bad.rows * bad.columns);
            }
            for (const auto& [kind, count] : found.repairs) {
                CHECK(repair_kinds().contains(kind));
                CHECK(count > 0);
            }
            CHECK(loaded(bad).size() == mask.kept.count());
        }
    }
}

TEST_CASE("with row pointers a mask fault damages its row only") {
    const Mask mask = some_mask(20, 30, 3);
    const CodeImage clean = stored({"bitmask", {{"restart", 1}}}, mask, 1);
    const CodeImage tensor = stored({"bitmask"}, mask, 1);
    const std::vector<float> before = loaded(clean);
    std::size_t beyond = 0;
    for (std::size_t element = 0; element < 600; ++element) {
        for (const CodeImage* image : {&clean, &tensor}) {
            CodeImage bad = *image;
            bad.regions[1].codes.set(element, bad.regions[1].codes.at(element) ^ 1U);
            const std::vector<float> after = loaded(bad);
            for (std::size_t i = 0; i < after.size(); ++i) {
                if (i / 30 == element / 30 || after[i] == before[i]) continue;
                REQUIRE(image == &tensor);
                ++beyond;
            }
            CHECK_FALSE(placement(bad).repairs.empty());
        }
    }
    CHECK(beyond > 600);
    for (std::size_t row = 0; row < 20; ++row) {
        CodeImage bad = clean;
        bad.regions[2].codes.set(row, bad.regions[2].codes.at(row) ^ 2U);
        const std::vector<float> after = loaded(bad);
        for (std::size_t i = 0; i < after.size(); ++i) CHECK((i / 30 == row || after[i] == before[i]));
    }
}

TEST_CASE("a wrong pointer moves the rows beside it, and says so") {
    const Mask mask = some_mask(20, 30, 3);
    CodeImage bad = stored({"csr"}, mask);
    Codes& pointers = bad.regions[2].codes;
    const std::uint32_t all = pointers.at(20);
    pointers.set(5, (1U << pointers.width()) - 1);
    const std::vector<float> after = loaded(bad);
    const std::vector<float> before = loaded(stored({"csr"}, mask));
    for (std::size_t i = 0; i < after.size(); ++i) {
        if (i / 30 != 4 && i / 30 != 5) CHECK(after[i] == before[i]);
        if (i / 30 == 5) CHECK(after[i] == 0);
    }
    const auto repairs = placement(bad).repairs;
    CHECK(repairs.at("pointer_outside") == 1);
    CHECK(repairs.at("pointer_order") == 1);
    CHECK(repairs.at("row_overfull") == all - 30 - stored({"csr"}, mask).regions[2].codes.at(4));
}

TEST_CASE("masks that do not fit are refused with the place that does not") {
    Mask mask{4, 8, Codes(1, 32)};
    for (const std::size_t i : {16, 17, 19}) mask.kept.set(i, 1);
    CHECK_THROWS_WITH(
        stored({"nm"}, mask),
        ContainsSubstring("layout nm holds 2 values in 4 columns, got 3 in row 2 from column 0 on"));
    CHECK_THROWS_WITH(stored({"csb", {{"bank", 8}, {"kept", 2}}}, mask), ContainsSubstring("got 3 in row 2"));
    CHECK_THROWS_WITH(stored({"csb", {{"bank", 8}, {"kept", 9}}}, mask), ContainsSubstring("at most all 8"));
    CHECK_THROWS_WITH(stored({"cscb", {{"block_rows", 2}, {"block_columns", 4}}}, mask),
                      ContainsSubstring("got 0 in column 1 where 1 are expected"));
    CHECK_THROWS_WITH(stored({"coo", {{"index_bits", 2}}}, mask), ContainsSubstring("must be in 3..32"));
    CHECK_THROWS_WITH(stored({"coo", {{"block_rows", 2}}}, mask),
                      ContainsSubstring("must be among index_bits; got 'block_rows'"));
    CHECK_THROWS_WITH(stored({"bsr", {{"block_rows", 0}}}, mask),
                      ContainsSubstring("must be in 1..65536, got 0"));
}

TEST_CASE("planes put the code together again, and events in them name their elements") {
    const Mask mask = some_mask(11, 12, 4);
    const Codes codes = codes_of(mask);
    const Fields fields{{"sign", {6}}, {"exponent", {5, 4, 3}}, {"mantissa", {2, 1, 0}}};
    const CodeImage image = store("w", mask, codes, Codes(8, 1),
                                  {{"bitmask"},
                                   {{"values", {"two", 2}}, {"values.sign", {"one", 1}}, {"*", {"one", 1}}},
                                   {},
                                   {},
                                   {},
                                   fields,
                                   true});
    const CodeImage whole = stored({"bitmask"}, mask);
    REQUIRE(image.regions.size() == 5);
    CHECK(image.regions[0].name == "values.sign");
    CHECK(image.regions[0].map.cell == "one");
    CHECK(image.regions[1].map.cell == "two");
    CHECK(image.regions[1].map.cell_bits == std::vector<int>{2, 1});
    CHECK(image.regions[1].map.fields == Fields{{"exponent", {2, 1, 0}}});
    CHECK(loaded(image) == loaded(whole));
    const ValueCodes planes(image);
    const ValueCodes straight(whole);
    REQUIRE(planes.count() == straight.count());
    for (std::size_t i = 0; i < planes.count(); ++i) CHECK(planes.at(i) == straight.at(i));
    const Placement clean = placement(image);
    const auto changed = changed_values(image, clean, std::vector<Event>{{0, 3, 0, 1}, {2, 7, 0, 1}});
    REQUIRE(changed);
    CHECK(*changed == std::vector<Placed>{clean.read[3]});
    CHECK_FALSE(changed_values(image, clean, std::vector<Event>{{3, 0, 0, 1}}));
}

TEST_CASE("neighbouring levels of a Gray map differ in one bit") {
    for (std::uint32_t level = 0; level < 16; ++level) {
        CHECK(level_of_gray(gray_of_level(level)) == level);
        if (level > 0) CHECK(std::popcount(gray_of_level(level) ^ gray_of_level(level - 1)) == 1);
    }
    Region region{"values", Codes(4, 1), {"any", {3, 2, 1, 0}, {2, 2}, {}, true}};
    region.codes.set(0, 0b1011);
    CHECK(region.level(0) == 3);
    CHECK(region.level(1) == 2);
    region.set_level(0, 2);
    CHECK(region.codes.at(0) == 0b1111);
}
