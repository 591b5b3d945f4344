#include <algorithm>

#include "catch2.hpp"
#include "siliconbert/hardware/counts.hpp"
#include "siliconbert/hardware/edgebert.hpp"
#include "siliconbert/hardware/sentences.hpp"

using namespace siliconbert;

namespace {

const Supply kSupply{.levels = {0.4, 0.5, 0.75, 1.0}, .frequencies = {0, 0.25, 0.625, 1.0}};

double total(const std::vector<Product>& list) {
    double sum = 0;
    for (const Product& product : list) sum += product.macs();
    return sum;
}

// 2 tokens, 4 wide, 2 heads of 2, one of them on, 8 neurons, 3 classes.
LayerWork small() {
    LayerWork work;
    work.tokens_attention = work.tokens_ffn = 2;
    work.hidden = 4;
    work.heads = 2;
    work.ffn = 8;
    work.classes = 3;
    work.reach = {1};
    return work;
}

}  // namespace

TEST_CASE("a small layer counted by hand") {
    // Q, K, V: 3 * 2 * 2 * 4; scores and context: 2 * 2 * 2 each; output: 2 * 4 * 4; FFN: 2 * 2 * 8 * 4;
    // pooler and classifier: 4 * 4 + 3 * 4.
    CHECK(total(products(small())) == 48 + 8 + 8 + 32 + 128 + 28);
    LayerWork none = small();
    none.tokens_attention = none.tokens_ffn = 0;
    CHECK(total(products(none)) == 0);
    CHECK(count(none).entropies == 0);
}

TEST_CASE("bytes and passes counted by hand") {
    LayerWork work = small();
    work.classes = 0;
    work.weights.ffn_up = {0.5, 1};
    const Counts counts = count(work);
    CHECK(counts.kept_macs == 48 + 8 + 8 + 32 + 32 + 64);
    CHECK(counts.weight_bytes == 3 * 8 + 16 + 16 + 32);
    CHECK(counts.mask_bytes == (3 * 8 + 16 + 32 + 32) / 8.0);
    // Left operands and results: Q, K, V 3 * 2 * (4 + 2), scores 2 * (2 + 2), context the same, output 2 * 8,
    // FFN 2 * 12 twice; K and V once more as right operands: 2 * 4.
    CHECK(counts.activation_bytes == 36 + 8 + 8 + 16 + 24 + 24 + 8);
    CHECK(counts.activation_rows == 6 + 2 + 2 + 2 + 2 + 2);
    CHECK(counts.softmax_rows == 2);
    CHECK(counts.layer_norm_rows == 4);
    CHECK(counts.add_rows == 4);
}

TEST_CASE("the window rule counts pairs in reach and drops the output's slices of heads that are off") {
    LayerWork work = small();
    work.tokens_attention = 5;
    work.tokens_ffn = work.ffn = 0;
    work.classes = 0;
    work.rule = SpanRule::window;
    // Distances 0 and 1 of 5 tokens: 5 + 2 * 4 = 13 pairs, two MACs each in scores and in context.
    CHECK(total(products(work)) == 3 * 5 * 2 * 4 + 2 * 13 * 2 + 5 * 4 * 2);
    work.rule = SpanRule::paper;
    CHECK(total(products(work)) == 3 * 5 * 2 * 4 + 2 * 25 * 2 + 5 * 4 * 4);
}

TEST_CASE("pairs, squares and vectors of a band") {
    const Band band{10, 2};
    CHECK(band.pairs() == 10 * 5 - 6);
    // Stripes of 4 queries: 0-3 reach keys 0-5, 4-7 keys 2-9, 8-9 keys 6-9.
    CHECK(band.squares(4) == 2 + 3 + 2);
    CHECK(band.pairs_in_squares(4) == 4 * 8 + 4 * 10 + 2 * 6);
    // Query by query: keys 0-2, 0-3, 0-4, 1-5, 2-6, 3-7, 4-8, 5-9, 6-9, 7-9.
    CHECK(band.vectors(4) == 1 + 1 + 2 + 2 + 2 + 2 + 2 + 2 + 2 + 2);
    CHECK_FALSE(Band{3, 2}.narrow());
    CHECK(Band{3, 1}.narrow());
}

TEST_CASE("sizes that the array does not divide take whole tiles") {
    EdgebertUnits units;
    units.n = 4;
    LayerWork work;
    work.tokens_ffn = work.hidden = work.ffn = 5;
    work.heads = 1;
    work.lanes = 4;
    // 5 x 5 x 5 in tiles of 4: 4 results of 2 tiles and a drain, 4 cycles each.
    const LayerCost cost = layer_cost(units, work);
    CHECK(cost.busy.pu == 2 * 4 * 3 * 4);
    // 25 sums of two vectors each that are not filling; all 8 tiles take 64 MACs.
    CHECK(cost.actions.macs == 2 * 25 * 2 * 4);
    CHECK(cost.actions.macs + cost.actions.skipped_macs == 2 * 8 * 64);
}

TEST_CASE("what hides does not count, and no more hides than the others work") {
    EdgebertUnits units;
    units.n = 2;
    units.add_interval = units.layer_norm_interval = 1;
    units.traffic = Traffic::tiles;
    LayerWork work = small();
    work.lanes = 2;
    units.transfer_overlap = 0;
    const UnitCycles alone = layer_cost(units, work).time;
    units.transfer_overlap = units.sfu_overlap = 1;
    const LayerCost hidden = layer_cost(units, work);
    CHECK(alone.total() == hidden.busy.total());
    CHECK(hidden.time.total() == Approx(std::max({hidden.busy.pu, hidden.busy.sfu, hidden.busy.transfer})));
}

TEST_CASE("the host's tiles, and a tile that does not fit") {
    const EdgebertUnits units;  // 65,536 values a buffer
    // The driver's 64 x 64 tiles are one choice for 128 x 768 x 768; as many columns as fit is 80, then 64
    // rows.
    const Tiling tiling = host_tiling(units, {.part = "qkv", .rows = 128, .columns = 768, .depth = 768});
    CHECK(tiling.columns == 80);
    CHECK(tiling.rows == 64);
    CHECK(tiling.row_blocks == 2);
    CHECK_THROWS_WITH(host_tiling(units, {.part = "x", .rows = 9, .columns = 9, .depth = 4096}),
                      ContainsSubstring("x must be at most 4095 deep, got 4096"));
    EdgebertUnits small_buffer;
    small_buffer.buffer_entries = 100;
    CHECK_THROWS_WITH(host_tiling(small_buffer, {.part = "x", .rows = 9, .columns = 9, .depth = 200}),
                      ContainsSubstring("a tile of x must fit a buffer of 1600 values"));
}

TEST_CASE("the lowest voltage that suffices, the frequency that is needed") {
    CHECK(choose_point(kSupply, 10, 20).point.voltage == 0.75);
    CHECK(choose_point(kSupply, 10, 20).point.frequency == Approx(0.5));
    CHECK(choose_point(kSupply, 10, 10).point.voltage == 1.0);
    CHECK(choose_point(kSupply, 10, 10).feasible);
    CHECK(choose_point(kSupply, 10, 1000).point.voltage == 0.5);  // the floor: below it nothing runs
    CHECK(choose_point(kSupply, 10, 1000).point.frequency == 0.25);
    CHECK(choose_point(kSupply, 0, 10).point.voltage == 0.5);
    CHECK_FALSE(choose_point(kSupply, 10, 9.9).feasible);
    CHECK_FALSE(choose_point(kSupply, 10, -1).feasible);
}

TEST_CASE("energy follows the real exit, voltage the predicted one") {
    const LatencyPlan plan{{10, 10}, {}, 4, 1, 50};
    // 10 s for layer 1; predicted exit 3: 20 cycles in 40 s, 0.5 Hz at 0.75 V.
    const SentenceCost cost = planned_cost(kSupply, plan, 2, 3);
    CHECK(cost.point.voltage == 0.75);
    CHECK(cost.latency == Approx(10 + 10 / 0.5));
    CHECK(cost.energy.total() == Approx(10 + 10 * 0.75 * 0.75));
    CHECK(timeline(kSupply, plan, 2, 3).size() == 6);  // layer 1, plan, settle, layer 2, raise, idle
    CHECK(timeline(kSupply, plan, 1, 3).size() == 2);
    CHECK_THROWS_WITH(planned_cost(kSupply, plan, 3, 2), ContainsSubstring("predicted must be in layer..4"));
}

TEST_CASE("a curve through two points") {
    const Curve line = through({1.0, 1.0}, {0.5, 0.25}, 1, 0);
    CHECK(line.threshold == Approx(1.0 / 3));
    CHECK(line.frequency(0.75) == Approx(0.625));
    CHECK(line.frequency(0.3) == 0);
    CHECK_THROWS_WITH(through({1, 1}, {1, 0.5}, 1, 0), ContainsSubstring("must lie below the nominal one"));
}

TEST_CASE("a linear regulator loses what it drops") {
    Supply supply = kSupply;
    supply.regulator_input = 1;
    // 1 J at 0.5 V: 0.25 J in the logic, half a coulomb from 1 V.
    const Energy energy = spend(supply, 1, 0, {0.5, 0.25});
    CHECK(energy.dynamic == 0.25);
    CHECK(energy.regulator == Approx(0.25));
}
