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

}  // namespace

TEST_CASE("a small layer counted by hand") {
    // 2 tokens, 4 wide, 2 heads of 2, one of them off, 8 neurons, 3 classes.
    const LayerWork work{2, 2, 4, 2, 1, 8, 1, 3};
    // Q, K, V: 3 * 2 * 2 * 4; scores and context: 2 * 2 * 2 each; output: 2 * 4 * 4; FFN: 2 * 2 * 8 * 4;
    // pooler and classifier: 4 * 4 + 3 * 4.
    CHECK(total(products(work)) == 48 + 8 + 8 + 32 + 128 + 28);
    CHECK(total(products({0, 0, 4, 2, 0, 8, 1, 0})) == 0);
}

TEST_CASE("sizes that the array does not divide take whole tiles") {
    const EdgebertUnits units{.n = 4};
    // 5 x 5 x 5 in tiles of 4: 4 results of 2 tiles and a drain, 4 cycles each.
    const LayerWork work{
        .tokens_attention = 0, .tokens_ffn = 5, .hidden = 5, .heads = 1, .heads_off = 1, .ffn = 5};
    CHECK(layer_cycles(units, work).pu == 2 * 4 * 3 * 4);
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
    CHECK(timeline(kSupply, plan, 2, 3).size() == 5);  // layer 1, plan, settle, layer 2, raise
    CHECK(timeline(kSupply, plan, 1, 3).size() == 1);
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
