#include "catch2.hpp"
#include "siliconbert/hardware/fpga.hpp"

using namespace siliconbert;

namespace {

FpgaConstants constants() {
    FpgaConstants c;
    c.relu_lanes = c.relu_flush = 4;
    c.add_norm_loops = 5;
    c.add_norm_flush = c.attention_flush = 3;
    c.attention_passes = 4;
    c.product_group = 8;
    c.product_base = 6;
    return c;
}

}  // namespace

TEST_CASE("slots of a product count blocks and the wait after each column", "[fpga]") {
    FpgaOperator product;
    product.products = {{50, 5, 256}};
    // 32 units: 8 slots a block, 4 of waiting a column.
    REQUIRE(slots(product, constants(), {}, 32, 32) == 32 * 50 * (5 * 8 + 4));
    // 512 units: two columns at once, half a slot a block, and no more than that of waiting.
    REQUIRE(slots(product, constants(), {}, 1, 512) == 50 * (5 * 0.5 + 0.5));
    REQUIRE(amounts(product, constants(), {}, 32).dsp == 5 * 32 + 4 + 6);
    REQUIRE(weight_words(product) == 64000);
    REQUIRE_THROWS_WITH(slots(product, constants(), {}, 1, 0), ContainsSubstring("at least 1, got 0"));
}

TEST_CASE("memory blocks by their real shapes", "[fpga]") {
    const std::vector<BlockShape> bram{{36, 512}, {18, 1024}, {9, 2048}};
    REQUIRE(separate_blocks(bram, 64000, 32, 32) == 32 * 4);
    REQUIRE(separate_blocks(bram, 64000, 16, 32) == 32 * 2);
    // Narrower than any: a block a bank all the same.
    REQUIRE(separate_blocks(bram, 10, 1, 4) == 4);
    REQUIRE(separate_blocks(bram, 0, 32, 4) == 0);
    REQUIRE(shared_blocks({72, 4096}, 2304000, 32, 256) == 128 * 3);
    REQUIRE(shared_blocks({72, 4096}, 100, 80, 3) == 3 * 2);
}
