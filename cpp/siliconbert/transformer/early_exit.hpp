// The sentences of a batch that have not left yet: their states after each layer lie one after another, so
// that a layer's passes are as full as if the others had never been.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "siliconbert/transformer/aligned.hpp"
#include "siliconbert/transformer/network.hpp"
#include "siliconbert/transformer/weights.hpp"

namespace siliconbert {

class Staying {
 public:
    Staying(const Weights& weights, std::span<const float> word_table, const Batch& batch, int threads);

    bool empty() const { return numbers_.empty(); }
    // Their numbers in the batch, ascending.
    std::span<const std::size_t> numbers() const { return numbers_; }
    // Places in numbers(): of all, and of those with a flag; there is one for every sentence of the batch.
    std::vector<std::size_t> all() const;
    std::vector<std::size_t> places(std::span<const std::uint8_t> chosen) const;

    void layer(std::size_t layer);  // 1-based; layers come in order
    // Writes the logits of those at these places to their rows of `logits`: the batch's sentences x classes.
    void exit(const ExitWeights& weights, std::span<const std::size_t> places, std::span<float> logits) const;
    // Leaves out those with a flag.
    void leave_out(std::span<const std::uint8_t> gone);

 private:
    std::span<float> states_of(std::size_t first, std::size_t last);

    const Weights& weights_;
    std::span<const float> word_table_;
    const Batch& batch_;
    int threads_;
    std::vector<std::size_t> numbers_;
    std::vector<std::int64_t> offsets_;  // of their tokens among those that stay
    Buffer<float> states_;               // tokens x hidden
};

}  // namespace siliconbert
