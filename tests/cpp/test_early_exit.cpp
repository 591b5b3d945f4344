#include <atomic>
#include <limits>
#include <vector>

#include "catch2.hpp"
#include "small_network.hpp"

using namespace siliconbert;

namespace {

// Lets each sentence go after the layer that was written down for it.
class Written final : public Leave {
 public:
    Written(std::vector<int> layers, int last_read) : layers_(std::move(layers)), last_read_(last_read) {}

    void after(int layer, std::span<const float> entropy, std::span<std::uint8_t> leaves) override {
        REQUIRE(entropy.size() == layers_.size());
        for (std::size_t i = 0; i < layers_.size(); ++i) {
            if (layer == 1) REQUIRE(std::isnan(entropy[i]) == (last_read_ == 0));
            if (layers_[i] == layer) leaves[i] = 1;
        }
    }
    bool reads(int layer) const override { return layer <= last_read_; }

 private:
    std::vector<int> layers_;
    int last_read_;
};

std::atomic<int> scored;

float count(std::span<const float> logits) {
    ++scored;
    return logits[0];
}

}  // namespace

TEST_CASE("sentences leave where they are told to, with the logits of the trace there") {
    const Network network(small);
    Sentences sentences;
    std::vector<int> layers;
    const auto last = static_cast<int>(small.layers);
    for (std::uint32_t i = 0; i < 61; ++i) {
        sentences.add(1 + i * 7 % 39, i);
        layers.push_back(1 + static_cast<int>(i * i) % last);
    }
    // How many exits are scored: those of the sentences that are there, after the layers that are read.
    const auto there = [&](int layer) {
        return static_cast<int>(std::ranges::count_if(layers, [&](int l) { return l >= layer; }));
    };
    for (const auto& products : back_ends()) {
        const Encoder encoder(products, small, network.tensors, std::nullopt);
        const std::vector<float> all = trace(encoder, sentences.batch(), 1);
        for (const int last_read : {0, 1, last}) {
            for (const int threads : {1, 3}) {
                std::vector<std::int32_t> found(layers.size());
                std::vector<float> logits(layers.size() * small.classes);
                Written leave(layers, last_read);
                scored = 0;
                encoder.run(sentences.batch(), threads, &count, leave, found, logits);
                int expected = 0;
                for (int layer = 1; layer < last && layer <= last_read; ++layer) expected += there(layer);
                REQUIRE(scored == expected);
                for (std::size_t i = 0; i < layers.size(); ++i) {
                    REQUIRE(found[i] == layers[i]);
                    const std::size_t at = (i * small.layers + static_cast<std::size_t>(layers[i]) - 1);
                    const auto first = all.begin() + static_cast<std::ptrdiff_t>(at * small.classes);
                    REQUIRE(std::equal(first, first + static_cast<std::ptrdiff_t>(small.classes),
                                       logits.begin() + static_cast<std::ptrdiff_t>(i * small.classes)));
                }
            }
        }
    }
}
