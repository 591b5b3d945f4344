#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "catch2.hpp"
#include "small_network.hpp"

using namespace siliconbert;

TEST_CASE("a sentence's logits have the same bits alone, in any batch and at any thread count") {
    Network network(small);
    network.quantize();
    Sentences sentences;
    std::vector<Sentences> alone(41);
    for (std::uint32_t i = 0; i < 41; ++i) {
        const std::size_t length = i == 0 ? small.positions : 1 + i * 7 % 39;
        sentences.add(length, i);
        alone[i].add(length, i);
    }
    for (const auto& products : back_ends()) {
        const Encoder fp32(products, small, network.tensors, std::nullopt);
        const std::vector<float> largest = fp32.calibrate(sentences.batch(), 2);
        for (const Encoder& encoder :
             {fp32, Encoder(products, small, network.tensors, formats_for(largest))}) {
            INFO(encoder.path());
            const std::vector<float> all = trace(encoder, sentences.batch(), 1);
            for (const int threads : {2, 3, 7}) REQUIRE(trace(encoder, sentences.batch(), threads) == all);
            const std::size_t width = all.size() / alone.size();
            for (std::size_t i = 0; i < alone.size(); ++i) {
                const std::vector<float> one = trace(encoder, alone[i].batch(), 1);
                REQUIRE(
                    std::equal(one.begin(), one.end(), all.begin() + static_cast<std::ptrdiff_t>(i * width)));
            }
        }
    }
}

TEST_CASE("the back ends agree in fp32") {
    const Network network(small);
    Sentences sentences;
    for (std::uint32_t i = 0; i < 5; ++i) sentences.add(3 + 7 * i, i);
    const std::vector<float> first =
        trace(Encoder(eigen_products(), small, network.tensors, std::nullopt), sentences.batch(), 1);
    for (const auto& products : back_ends()) {
        const std::vector<float> logits =
            trace(Encoder(products, small, network.tensors, std::nullopt), sentences.batch(), 1);
        for (std::size_t i = 0; i < logits.size(); ++i) {
            REQUIRE(logits[i] == Approx(first[i]).margin(1e-4));
        }
    }
}

TEST_CASE("an FFN narrower than the network leaves room for the exits") {
    NetworkShape narrow = small;
    narrow.ffn = 8;
    const Network network(narrow);
    Sentences sentences;
    for (std::uint32_t i = 0; i < 3; ++i) sentences.add(5, i);
    for (const auto& products : back_ends()) {
        const Encoder encoder(products, narrow, network.tensors, std::nullopt);
        for (const float logit : trace(encoder, sentences.batch(), 1)) REQUIRE(std::isfinite(logit));
    }
}

TEST_CASE("another word table changes only the sentences that use the changed row") {
    Network network(small);
    Sentences sentences;
    for (std::uint32_t i = 0; i < 8; ++i) sentences.add(4, i);
    const Encoder encoder(eigen_products(), small, network.tensors, std::nullopt);
    std::vector<float> table = network.values["embeddings.word"];
    const auto row = static_cast<std::size_t>(sentences.ids[0]);
    table[row * small.embedding] += 1;
    const std::vector<float> before = trace(encoder, sentences.batch(), 1);
    const std::vector<float> after = trace(encoder.over(table), sentences.batch(), 1);
    const std::size_t width = before.size() / 8;
    for (std::size_t i = 0; i < 8; ++i) {
        const auto ids = std::span(sentences.ids).subspan(4 * i, 4);
        const bool uses = std::find(ids.begin(), ids.end(), static_cast<std::int32_t>(row)) != ids.end();
        const auto at = static_cast<std::ptrdiff_t>(i * width);
        CHECK(uses != std::equal(before.begin() + at,
                                 before.begin() + at + static_cast<std::ptrdiff_t>(width),
                                 after.begin() + at));
    }
}

TEST_CASE("tensors that are read when asked for give the same network, few of them in memory at once") {
    const Network network(small);
    std::size_t held = 0, most = 0;
    Tensors read;
    for (const std::string& name : network.tensors.names()) {
        read.add(name, [&, name] {
            TensorView tensor = network.tensors.at(name);
            const auto copy = std::shared_ptr<std::vector<float>>(
                new std::vector<float>(tensor.values.begin(), tensor.values.end()), [&](auto* values) {
                    --held;
                    std::fill(values->begin(), values->end(),
                              std::nanf(""));  // whoever still reads them fails
                    delete values;
                });
            most = std::max(most, ++held);
            return TensorView{*copy, tensor.rows, tensor.columns, copy};
        });
    }
    Sentences sentences;
    for (std::uint32_t i = 0; i < 5; ++i) sentences.add(3 + i, i);
    for (const auto& products : back_ends()) {
        const Encoder encoder(products, small, read, std::nullopt);
        REQUIRE((held == 0 && most <= 2));  // a weight and its bias
        REQUIRE(trace(encoder, sentences.batch(), 1) ==
                trace({products, small, network.tensors, std::nullopt}, sentences.batch(), 1));
    }
}

TEST_CASE("wrong networks are refused in one sentence") {
    const auto make = [](const NetworkShape& shape, const Network& network) {
        return Encoder(eigen_products(), shape, network.tensors, std::nullopt);
    };
    NetworkShape shape = small;
    shape.heads = 5;
    CHECK_THROWS_WITH(make(shape, Network(small)),
                      ContainsSubstring("heads must divide hidden, got 5 and 32"));
    shape = small;
    shape.ffn = 47;
    CHECK_THROWS_WITH(make(shape, Network(small)),
                      ContainsSubstring("tensor layers.0.up.weight must have shape (47, 32), got (48, 32)"));
    Network broken(small);
    broken.values["layers.1.key.bias"][3] = std::numeric_limits<float>::quiet_NaN();
    CHECK_THROWS_WITH(make(small, broken), ContainsSubstring("layers.1.key.bias must be finite"));
    CHECK_THROWS_WITH(activation_by_name("swish"),
                      ContainsSubstring("one of gelu, gelu_new, relu; got 'swish'"));
}

TEST_CASE("wrong sentences are refused in one sentence") {
    Sentences sentences;
    sentences.add(3, 1);
    sentences.ids[2] = 50;
    CHECK_THROWS_WITH(check_batch(sentences.batch(), small),
                      ContainsSubstring("ids must be in 0..49, got 50"));
    sentences.ids[2] = 1;
    sentences.offsets = {0, 0, 3};
    CHECK_THROWS_WITH(check_batch(sentences.batch(), small), ContainsSubstring("sentence 0 is empty"));
    Sentences too_long;
    too_long.add(41, 1);
    CHECK_THROWS_WITH(check_batch(too_long.batch(), small), ContainsSubstring("at most 40 tokens, got 41"));
}
