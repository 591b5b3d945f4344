#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "catch2.hpp"
#include "siliconbert/transformer/spans.hpp"
#include "small_network.hpp"

using namespace siliconbert;

namespace {

// Spans of the small network: two sets of weights, four heads.
Spans spans(std::vector<float> values, float ramp = 4) { return {std::move(values), ramp}; }

}  // namespace

TEST_CASE("a window's keys are those with a weight, its weights fall along the ramp") {
    for (const auto variant : {SpanVariant::window, SpanVariant::edgebert_public}) {
        for (const float ramp : {0.5F, 1.0F, 4.0F, 120.0F}) {
            for (const float z : {0.25F, 1.0F, 3.5F, 128.0F}) {
                Spans given = spans({}, ramp);
                given.variant = variant;
                const Window window(given, z);
                for (const std::size_t tokens : {1U, 2U, 9U, 200U}) {
                    const std::vector<float> weights = window.weights(tokens);
                    for (std::size_t i = 0; i < tokens; ++i) {
                        const KeyRange keys = window.keys(i, tokens);
                        for (std::size_t j = 0; j < tokens; ++j) {
                            const auto distance = static_cast<double>(i) - static_cast<double>(j);
                            const double share = variant == SpanVariant::window
                                                     ? (ramp + z - std::abs(distance)) / ramp
                                                     : (static_cast<double>(j) - 127 + z) / ramp + 1;
                            const double wanted = std::clamp(share, 0.0, 1.0);
                            const float weight = weights[window.row(i, tokens) + j];
                            REQUIRE(weight == Approx(wanted).margin(1e-6));
                            REQUIRE((weight > 0) == (j >= keys.first && j < keys.last));
                        }
                    }
                }
            }
        }
    }
}

TEST_CASE("heads that are on keep their order") {
    const LayerHeads heads(small, spans({1, 1, 1, 1, 0, 3, 0, 5}), 1);
    CHECK(heads.on == std::vector<std::size_t>{1, 3});
    CHECK(heads.slots == std::vector<std::size_t>{LayerHeads::off, 0, LayerHeads::off, 1});
    CHECK(heads.width() == 16);
    const LayerHeads plain(small, std::nullopt, 1);
    CHECK((plain.all_on() && !plain.windowed() && plain.width() == small.hidden));
}

TEST_CASE("blocks of queries hold every key that counts, and are used where they save half") {
    const LayerHeads narrow(small, spans({0, 2, 6, 0, 0, 0, 0, 0}), 0);
    CHECK(query_blocks(narrow, 64).size() == 1);
    for (const std::size_t tokens : {65U, 128U, 200U, 512U}) {
        std::size_t next = 0;
        std::size_t scores = 0;
        for (const QueryBlock& block : query_blocks(narrow, tokens)) {
            REQUIRE(block.first == next);
            next += block.count;
            scores += block.count * block.keys.count();
            for (std::size_t i = block.first; i < next; ++i) {
                for (const Window& window : narrow.windows) {
                    const KeyRange keys = window.keys(i, tokens);
                    REQUIRE((keys.first >= block.keys.first && keys.last <= block.keys.last));
                }
            }
        }
        CHECK(next == tokens);
        if (tokens >= 200) CHECK(2 * scores <= tokens * tokens);
    }
    Spans sums = spans({0, 2, 6, 0, 0, 0, 0, 0});
    sums.renormalise = false;
    CHECK(query_blocks(LayerHeads(small, sums, 0), 512).size() == 1);
    CHECK(query_blocks(LayerHeads(small, spans(std::vector<float>(8, 128)), 0), 128).size() == 1);
    CHECK(query_blocks(LayerHeads(small, std::nullopt, 0), 512).size() == 1);
}

TEST_CASE("wrong spans are refused in one sentence") {
    const Network network(small);
    const auto make = [&](const Spans& given) {
        return Encoder(eigen_products(), small, network.tensors, std::nullopt, given);
    };
    CHECK_THROWS_WITH(make(spans({1, 2, 3})), ContainsSubstring("2 weight sets of 4 heads, got 3 values"));
    CHECK_THROWS_WITH(make(spans({1, 2, 3, 4, 5, 6, 7, -1})), ContainsSubstring("at least 0, got -1"));
    CHECK_THROWS_WITH(make(spans(std::vector<float>(8, std::numeric_limits<float>::quiet_NaN()))),
                      ContainsSubstring("finite and at least 0, got nan"));
    CHECK_THROWS_WITH(make(spans(std::vector<float>(8, 1), 0)), ContainsSubstring("ramp of spans"));
    CHECK_THROWS_WITH(span_variant_by_name("public"), ContainsSubstring("edgebert-public; got 'public'"));
}

TEST_CASE("with spans a sentence has the same bits alone and in company, by whichever path it is computed") {
    NetworkShape shape = small;
    shape.positions = 200;
    Network network(shape);
    Sentences all;
    for (const std::size_t length : {200U, 3U, 150U}) all.add(length, static_cast<std::uint32_t>(length));
    const std::vector<Spans> given{spans({0, 2, 6, 0, 3, 0, 0, 1}), spans({0, 0, 0, 0, 3, 20, 1, 1}, 32)};
    for (const float sharpness : {1.0F, 0.05F}) {  // the second leaves so little outside that blocks do
        for (const char* name : {"layers.0.query.weight", "layers.1.query.weight"}) {
            for (float& value : network.values[name]) value *= sharpness;
        }
        for (const auto& products : back_ends()) {
            for (const Spans& each : given) {
                const Encoder encoder(products, shape, network.tensors, std::nullopt, each);
                const std::vector<float> together = trace(encoder, all.batch(), 3);
                const std::size_t row = together.size() / 3;
                for (const std::size_t i : {0U, 1U, 2U}) {
                    std::vector<float> alone(row);
                    encoder.trace(all.batch(), i, i + 1, 1, alone);
                    REQUIRE(std::equal(alone.begin(), alone.end(),
                                       together.begin() + static_cast<std::ptrdiff_t>(i * row)));
                }
                REQUIRE(together !=
                        trace(Encoder(products, shape, network.tensors, std::nullopt), all.batch(), 1));
            }
        }
    }
}
