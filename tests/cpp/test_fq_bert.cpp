#include <vector>

#include "catch2.hpp"
#include "siliconbert/hardware/fq_bert.hpp"

using namespace siliconbert;

namespace {

constexpr std::size_t kAll = 1 << 20;

// 4 tokens, 8 wide, 2 heads of 4, 16 neurons.
LayerWork small() {
    LayerWork work;
    work.tokens_attention = work.tokens_ffn = 4;
    work.hidden = 8;
    work.heads = 2;
    work.ffn = 16;
    work.reach = {kAll, kAll};
    return work;
}

}  // namespace

TEST_CASE("FQ-BERT's cycles of a small layer by hand", "[fq_bert]") {
    const FqBertDesign design{.pus = 2, .pes = 2, .multipliers = 4};
    const FqBertCycles c = fq_bert_cycles(design, {.overhead = 1, .bus_bytes = 16}, small());
    // Columns over 4 PEs, depth over 4 multipliers, 4 rows: Q, K, V 3 * 4 * 2 * 2; output 4 * 2 * 2;
    // FFN 4 * 4 * 2 and 4 * 2 * 4.
    CHECK(c.linear == 48 + 16 + 32 + 32);
    // A head for each PU: 4 rows, 4 columns over 2 PEs, depth 4 over 2 products, twice.
    CHECK(c.attention == 2 * 4 * 2 * 2);
    // Softmax: 8 rows of 4; layer normalisation: 8 rows of 8; 4 lanes.
    CHECK(c.simd == 8 + 16);
    CHECK(c.weight_bytes == (3 * 64 + 64 + 2 * 128) / 2);
    CHECK(c.transfer == 0);
    // With 1 byte a cycle: 96, 32, 64, 64 bytes against 48, 16, 32, 32 cycles.
    CHECK(fq_bert_cycles(design, {.overhead = 1, .bus_bytes = 1}, small()).transfer == 48 + 16 + 32 + 32);
}

TEST_CASE("sizes that do not divide leave units of FQ-BERT idle", "[fq_bert]") {
    const FqBertRates rates;
    const auto cycles = [&](std::size_t pus, std::size_t pes, std::size_t m) {
        return fq_bert_cycles({.pus = pus, .pes = pes, .multipliers = m}, rates, small());
    };
    CHECK(cycles(3, 1, 4).linear == cycles(1, 3, 4).linear);
    CHECK(cycles(3, 1, 4).attention == cycles(2, 1, 4).attention);      // the third PU has no head
    CHECK(cycles(4, 1, 4).attention == cycles(2, 2, 4).attention);      // two PUs share a head
    CHECK(cycles(1, 2, 4).attention == 2 * cycles(2, 2, 4).attention);  // two rounds
    const FqBertDesign design{.pus = 1, .pes = 1, .multipliers = 8};
    CHECK(fq_bert_cycles(design, {.weight_bits = 8}, small()).linear ==
          fq_bert_cycles({.pus = 1, .pes = 1, .multipliers = 4}, {}, small()).linear);
}

TEST_CASE("FQ-BERT's memory blocks by hand", "[fq_bert]") {
    // Blocks of 4 words of 16 bits. A PE's weights: 16 / 4 words of 16 bits; its sums: 4 words of 32 bits.
    const FqBertDesign design{.pus = 2, .pes = 2, .multipliers = 4};
    const FqBertMemory found = fq_bert_memory(design, {}, {{16, 4}}, small());
    // Input, Q, K, V and scores, 4 * 8 * 4 + 2 * 16 bytes, are 40 words in each of 4 banks.
    CHECK(found.activations == 4 * 10);
    CHECK(found.packed == 4 * (2 + 2 * 2) + 40);
    CHECK(found.separate == 4 * (2 * 1 + 2 * 2) + 40);
}

TEST_CASE("bit-split products of both types are the products", "[fq_bert]") {
    std::vector<std::int8_t> left, right;
    std::int32_t sum = 0;
    for (int a = -128; a <= 127; ++a) {
        for (int b = -128; b <= 127; ++b) {
            const std::vector<std::int8_t> one = {static_cast<std::int8_t>(a)},
                                           other = {static_cast<std::int8_t>(b)};
            REQUIRE(bim_8x8(Bim::after, one, other) == a * b);
            REQUIRE(bim_8x8(Bim::before, one, other) == a * b);
            if (b >= -8 && b <= 7) REQUIRE(bim_8x4(one, other) == a * b);
        }
        left.push_back(static_cast<std::int8_t>(a));
        right.push_back(static_cast<std::int8_t>(-1 - a));
        sum += a * (-1 - a);
    }
    CHECK(bim_8x8(Bim::after, left, right) == sum);
    CHECK(bim_8x8(Bim::before, left, right) == sum);
    CHECK_THROWS_WITH(bim_8x4(left, right),
                      ContainsSubstring("right must be in -8..7 for 8 x 4 bits, got 127"));
}

TEST_CASE("adders of both types by hand", "[fq_bert]") {
    // m = 2: trees of one adder of 13 bits, the last adds 13 + 4 + 1 bits, its multiplexer has 17.
    CHECK(bim_logic_bits(Bim::after, 4) == 2 * 13 + 18 + 17);
    // The high tree's adder has 17 bits, two products of 16 bits are shifted.
    CHECK(bim_logic_bits(Bim::before, 4) == 13 + 17 + 18 + 32);
    CHECK(bim_logic_bits(Bim::before, 2) > bim_logic_bits(Bim::after, 2) - 18);
}

TEST_CASE("designs evaluated together are those evaluated one by one", "[fq_bert]") {
    const FqBertResources resources{
        .dsp = {55, 1, 0, 10}, .ff = {1, 2, 3, 0}, .lut = {4, 5, 6, 0}, .blocks = {{4, 4}, {16, 1}}};
    const std::vector<FqBertDesign> designs = {{.pus = 2, .pes = 2, .multipliers = 4},
                                               {.pus = 1, .pes = 3, .multipliers = 4, .bim = Bim::before}};
    const auto points = fq_bert_points(designs, {}, resources, small());
    REQUIRE(points.size() == 2);
    for (std::size_t i = 0; i < 2; ++i) {
        CHECK(points[i].cycles.total() == fq_bert_cycles(designs[i], {}, small()).total());
        CHECK(points[i].memory.packed == fq_bert_memory(designs[i], {}, resources.blocks, small()).packed);
        CHECK(points[i].memory.packed <= points[i].memory.separate);
    }
    CHECK(points[0].dsp == 55 + 16 + 40);
    CHECK(points[0].ff == 1 + 2 * 16 + 3 * 4);
    CHECK(points[0].lut == 4 + 5 * 16 + 6 * 4);
    // Type B: 13 + 17 + 18 + 32 bits against 2 * 13 + 18 + 17 in each PE.
    CHECK(points[1].lut == 4 + 5 * 12 + 6 * 3 + 3 * (80 - 61));
    CHECK_THROWS_WITH(fq_bert_points({{{.pus = 1, .pes = 1, .multipliers = 3}}}, {}, resources, small()),
                      ContainsSubstring("m must be even and positive, got 3"));
}
