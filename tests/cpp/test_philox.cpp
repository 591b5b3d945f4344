#include "catch2.hpp"
#include "siliconbert/base/philox.hpp"

using namespace siliconbert;

// Random123 1.14, kat_vectors, philox4x32 10.
TEST_CASE("philox gives the published known answers") {
    CHECK(philox({0, 0, 0, 0}, {0, 0}) == PhiloxCounter{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
    CHECK(philox({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}) ==
          PhiloxCounter{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
    CHECK(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
          PhiloxCounter{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("uniform lies in (0, 1]") {
    CHECK(uniform(0, 0) == 0x1p-53);
    CHECK(uniform(0xffffffff, 0xffffffff) == 1.0);
}

TEST_CASE("every part of the address changes the draw") {
    const auto draw = [](std::uint64_t seed, const char* tensor, const char* region, std::uint64_t trial) {
        return Draws(seed, Stream::fault, tensor, region, trial)(3, 4);
    };
    const PhiloxCounter here = draw(1, "w", "values", 2);
    CHECK(here == draw(1, "w", "values", 2));
    CHECK(here != draw(2, "w", "values", 2));
    CHECK(here != draw(1, "v", "values", 2));
    CHECK(here != draw(1, "w", "mask", 2));
    CHECK(here != draw(1, "w", "values", 3));
    CHECK(here != draw(1, "values", "w", 2));
    CHECK(here != Draws(1, Stream::predictor_order, "w", "values", 2)(3, 4));
}

TEST_CASE("a gap is the geometric distribution by inversion") {
    CHECK(gap(1.0, std::log1p(-0.25)) == 0);
    CHECK(gap(0.75, std::log1p(-0.25)) == 1);
    CHECK(gap(0.75 * 0.75 * 0.99, std::log1p(-0.25)) == 2);
    CHECK(static_cast<double>(gap(0x1p-53, std::log1p(-1e-12))) == Approx(53 * std::log(2.0) / 1e-12));
}
