// One pass of a few sentences through the network on one thread: its buffers, and the steps in order.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "siliconbert/transformer/aligned.hpp"
#include "siliconbert/transformer/in_flight.hpp"
#include "siliconbert/transformer/network.hpp"
#include "siliconbert/transformer/weights.hpp"

namespace siliconbert {

// Values on their way into a product: the floats themselves, or their AdaptivFloat values as floats or bf16.
struct Side {
    Buffer<float> fp32;
    Buffer<std::uint16_t> bf16;
};

// What a pass writes, kept from one pass to the next: making many pages anew takes time.
struct PassBuffers {
    Buffer<float> x;        // rows x hidden: the residual stream
    Buffer<float> qkv;      // rows x 3 hidden, less where heads are off; not in a format
    Buffer<float> context;  // rows x hidden, less where heads are off
    Buffer<float> wide;     // row_block x ffn; in a format also row_block x 3 hidden, at an exit x hidden
    Buffer<float> narrow;   // row_block x hidden
    Buffer<float> scores;   // heads x queries x keys, at most those of the longest sentence
    Buffer<float> largest;  // of every row of scores
    Side input;
    Side heads;
    Side probabilities;
};

class Pass {
 public:
    // `faults`, where given, disturb the operands on their way. `observed`, where given, collects the largest
    // magnitude at every place (then the network must run in fp32).
    Pass(const Weights& weights, std::span<const float> word_table, const Batch& batch, std::size_t first,
         std::size_t last, const InFlight* faults = nullptr, std::vector<float>* observed = nullptr);

    void embed();
    // Instead of embed(): the states of the tokens after some layer, which go on from there.
    void resume(std::span<const float> states);
    void layer(std::size_t layer);  // 1-based
    // Logits of all sentences of the pass at an exit: sentences x classes.
    void exit(const ExitWeights& weights, std::span<float> logits, std::size_t stride);
    // Logits of a language model's next word after the row_block tokens from `row` on: row_block x words.
    void decode(std::size_t row, float* logits) const;
    std::span<const float> states() const { return {x_.data(), tokens_ * hidden_}; }

 private:
    const void* side(std::size_t place, const float* values, std::size_t valid, std::size_t all, Side& buffer,
                     std::size_t at = 0);
    const void* block_side(std::size_t place, const float* values, std::size_t row, std::size_t width);
    bool disturbed(std::size_t place) const { return faults_ != nullptr && faults_->at(place); }
    Operands operands(Side& buffer) const;
    void disturb_rows(std::size_t place, std::size_t row, std::size_t count, std::size_t width,
                      std::size_t stride, Operands operands);
    // out = layer norm of x + residual, which may be null.
    void normalise(const float* x, const float* residual, const Norm& norm, float* out, std::size_t rows,
                   std::size_t columns) const;
    void embed_row(std::size_t row, std::size_t position, float* out) const;
    void project_embeddings();
    const void* exit_side(std::size_t place, const float* values, std::size_t from, std::size_t count);
    void after_attention(const LayerWeights& weights, const LayerHeads& heads, std::size_t layer,
                         std::size_t row);
    std::size_t valid_rows(std::size_t row) const {
        return tokens_ > row ? std::min(row_block, tokens_ - row) : 0;
    }

    // Attention, in attention.cpp.
    struct Sentence;
    void attend(const LayerWeights& weights, const LayerHeads& heads, std::size_t layer);
    void queries_keys_values(const LayerWeights& weights, const LayerHeads& heads, std::size_t layer);
    void quantize_heads(const LayerHeads& heads, std::size_t layer, std::size_t first, const float* values);
    void disturb_heads(const LayerHeads& heads, std::size_t layer);
    const void* head_rows(const LayerHeads& heads, std::size_t row, std::size_t part) const;
    void attend_sentence(const LayerHeads& heads, std::size_t layer, std::size_t sentence);
    // The row of the buffers at which a sentence starts.
    std::size_t row_of(std::size_t sentence) const { return batch_.start(sentence) - batch_.start(first_); }
    bool attend_block(const Sentence& at, const QueryBlock& block);
    void fixed_point_softmax(const Sentence& at, const QueryBlock& block, float scale);
    bool window(const Sentence& at, const QueryBlock& block, float scale);
    float norm(const Sentence& at, std::size_t token, std::size_t part, std::size_t slot) const;
    std::vector<float> longest_keys(const Sentence& at) const;
    void disturb_probabilities(const Sentence& at, const QueryBlock& block, Operands operands);
    static std::size_t context_width(const LayerHeads& heads) {
        return heads.on.empty() ? heads.head_width : heads.width();
    }

    const Weights& weights_;
    std::span<const float> word_table_;
    const Batch& batch_;
    std::size_t first_;
    std::size_t last_;
    const InFlight* faults_;
    std::vector<float>* observed_;
    Places places_;
    std::size_t hidden_;
    std::size_t tokens_;
    std::size_t rows_;  // tokens_, filled up to whole blocks

    // Of this thread; only one pass runs on it at a time.
    Buffer<float>& x_;
    Buffer<float>& qkv_;
    Buffer<float>& context_;
    Buffer<float>& wide_;
    Buffer<float>& narrow_;
    Buffer<float>& scores_;
    Buffer<float>& largest_;
    Side& input_;
    Side& heads_;
    Side& probabilities_;
    std::vector<Flip> flips_;
};

}  // namespace siliconbert
