// One pass of a few sentences through an integer network on one thread: its buffers, and the steps in order.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "siliconbert/transformer/integer/weights.hpp"
#include "siliconbert/transformer/network.hpp"

namespace siliconbert {

class IntegerPass {
 public:
    IntegerPass(const IntegerWeights& weights, const Batch& batch, std::size_t first, std::size_t last);

    void embed();
    void layer(const IntegerLayer& layer);
    // Logits of all sentences of the pass at an exit after `layer`, rows `stride` apart.
    void exit(const IntegerLayer& layer, const IntegerExit& exit, float* logits, std::size_t stride) const;
    // Of every token, the codes after the last step.
    std::span<const std::int8_t> states() const { return {x_.data(), tokens_ * hidden_}; }

 private:
    void embed_row(std::size_t token, std::size_t position, float* out) const;
    void multiply(const IntegerMatrix& matrix, const std::int8_t* in, std::size_t width, std::int8_t* out);
    void multiply_block(const IntegerMatrix& matrix, std::size_t chunk, std::size_t rows,
                        const std::int8_t* in, std::int8_t* out);
    void attend(const IntegerLayer& layer, std::size_t row, std::size_t tokens);
    void attend_heads(const IntegerLayer& layer, std::size_t row, std::size_t tokens, std::size_t head,
                      std::size_t heads);
    void normalise(const std::variant<IntegerNorm, FloatNorm>& norm);

    const IntegerWeights& weights_;
    const Batch& batch_;
    std::size_t first_;
    std::size_t last_;
    std::size_t hidden_;
    std::size_t tokens_;
    std::size_t rows_;  // tokens_, filled up to whole units

    std::vector<std::int8_t> x_;        // rows x hidden: the residual stream
    std::vector<std::int8_t> qkv_;      // rows x 3 hidden, and room for the last sentence's unit
    std::vector<std::int8_t> context_;  // rows x hidden
    std::vector<std::int8_t> narrow_;   // rows x hidden
    std::vector<std::int8_t> wide_;     // rows x ffn
    std::vector<std::int32_t> sums_;    // of a block and chunk; of some heads' scores or context
    std::vector<std::uint8_t> probabilities_;
};

}  // namespace siliconbert
