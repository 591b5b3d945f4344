#include "catch2.hpp"
#include "siliconbert/base/philox.hpp"
#include "siliconbert/base/words.hpp"

using namespace siliconbert;

TEST_CASE("codes of every width come back as they were set") {
    for (int width = 1; width <= 32; ++width) {
        Codes codes(width, 131);
        CHECK(codes.bits() == static_cast<std::size_t>(width) * 131);
        const auto wanted = [&](std::size_t i) {
            const std::uint32_t word = philox({static_cast<std::uint32_t>(i), 0, 0, 0}, {7, 7})[0];
            return width == 32 ? word : word & ((1U << width) - 1);
        };
        for (std::size_t i = codes.count(); i-- > 0;) codes.set(i, 0xffffffff);
        for (std::size_t i = 0; i < codes.count(); ++i) codes.set(i, wanted(i));
        for (std::size_t i = 0; i < codes.count(); ++i) REQUIRE(codes.at(i) == wanted(i));
    }
}

TEST_CASE("a width outside 1..32 is refused") {
    CHECK_THROWS_WITH(Codes(0, 1), ContainsSubstring("width must be in 1..32, got 0"));
    CHECK_THROWS_WITH(Codes(33, 1), ContainsSubstring("got 33"));
}

TEST_CASE("cells take the bits of a code in the region's order") {
    // Three cells of 3, 3 and 2 bits over the order 7 2 1 | 0 6 5 | 4 3.
    Region region{"values", Codes(8, 2), {"rram-mlc3", {7, 2, 1, 0, 6, 5, 4, 3}, {3, 3, 2}}};
    region.codes.set(1, 0b10011010);
    CHECK(region.cells() == 6);
    CHECK(region.level(3) == 0b101);
    CHECK(region.level(4) == 0b000);
    CHECK(region.level(5) == 0b11);
    region.set_level(3, 0b011);
    CHECK(region.codes.at(1) == 0b00011110);
    CHECK(region.codes.at(0) == 0);
}

TEST_CASE("events are applied and undone") {
    CodeImage image{"w", 1, 2, {{"values", Codes(4, 2), {"rram-mlc2", {3, 2, 1, 0}, {2, 2}}}}};
    image.regions[0].codes.set(0, 0b0110);
    const CodeImage before = image;
    const std::vector<Event> events{{0, 0, 0b01, 0b10}, {0, 3, 0b00, 0b11}};
    apply_events(image, events);
    CHECK(image.regions[0].codes.at(0) == 0b1010);
    CHECK(image.regions[0].codes.at(1) == 0b0011);
    undo_events(image, events);
    CHECK(image == before);
}

TEST_CASE("events that name no cell or level of the image are refused") {
    const CodeImage image{"w", 1, 2, {{"values", Codes(3, 2), {"rram-mlc2", {2, 1, 0}, {2, 1}}}}};
    const auto check = [&](Event event) { check_events(image, std::vector<Event>{event}, "undo"); };
    check({0, 3, 0, 1});
    CHECK_THROWS_WITH(check({1, 0, 0, 1}),
                      ContainsSubstring("undo: events must name regions below 1, got 1"));
    CHECK_THROWS_WITH(check({0, 4, 0, 1}), ContainsSubstring("cells below 4 in region values, got 4"));
    CHECK_THROWS_WITH(check({0, 3, 0, 2}), ContainsSubstring("levels below 2 in region values, got 0 and 2"));
}
