#include "catch2.hpp"
#include "siliconbert/hardware/counts.hpp"
#include "siliconbert/hardware/edgebert.hpp"
#include "siliconbert/hardware/sentences.hpp"

using namespace siliconbert;

namespace {

// 0.5, 0.75, 1 V at 0.25, 0.625, 1 Hz; 1 J a cycle at 1 V.
const Supply kSupply{{0.5, 0.75, 1.0}, 1.0, 1.0 / 3, 0, 1, 0, 0};

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
    CHECK(choose_point(kSupply, 10, 20).voltage == 0.75);
    CHECK(choose_point(kSupply, 10, 20).frequency == Approx(0.5));
    CHECK(choose_point(kSupply, 10, 10).voltage == 1.0);
    CHECK(choose_point(kSupply, 10, 10).feasible);
    CHECK(choose_point(kSupply, 10, 1000).frequency == Approx(0.25));  // the floor
    CHECK_FALSE(choose_point(kSupply, 10, 9.9).feasible);
    CHECK_FALSE(choose_point(kSupply, 10, -1).feasible);
}

TEST_CASE("energy follows the real exit, voltage the predicted one") {
    const LatencyPlan plan{10, 0, 4, 1, 50};
    // 10 s for layer 1; predicted exit 3: 20 cycles in 40 s, 0.5 Hz at 0.75 V.
    const SentenceCost cost = planned_cost(kSupply, plan, 2, 3);
    CHECK(cost.voltage == 0.75);
    CHECK(cost.latency == Approx(10 + 10 / 0.5));
    CHECK(cost.energy.total() == Approx(10 + 10 * 0.75 * 0.75));
    CHECK_THROWS_WITH(planned_cost(kSupply, plan, 3, 2), ContainsSubstring("predicted must be in layer..4"));
}
