// The network as users see it: sentences in, the logits of every exit out, at any thread count the same bits.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "siliconbert/transformer/weights.hpp"

namespace siliconbert {

class Encoder {
 public:
    // Without `activations` the network runs in fp32. With them, the matrices and the word table must already
    // hold AdaptivFloat values.
    Encoder(std::shared_ptr<const Products> products, const NetworkShape& shape, const Tensors& tensors,
            std::optional<ActivationFormats> activations);

    // The same network over another word table (vocabulary x embedding); all else is shared.
    Encoder with_word_table(std::span<const float> table) const;

    const NetworkShape& shape() const { return weights_->shape; }
    std::vector<std::size_t> exits() const;
    std::vector<std::string> places() const { return Places(shape()).names(); }
    std::string path() const;

    // logits: sentences x exits x classes, of sentences first .. last - 1 of a checked batch.
    void trace(const Batch& batch, std::size_t first, std::size_t last, int threads,
               std::span<float> logits) const;
    // states: tokens x hidden after the last layer.
    void hidden(const Batch& batch, int threads, std::span<float> states) const;
    // Largest magnitude at every place; the network must run in fp32.
    std::vector<float> calibrate(const Batch& batch, int threads) const;

 private:
    Encoder(std::shared_ptr<const Weights> weights, std::vector<float> word_table)
        : weights_(std::move(weights)),
          word_table_(std::make_shared<const std::vector<float>>(std::move(word_table))) {}

    std::shared_ptr<const Weights> weights_;
    std::shared_ptr<const std::vector<float>> word_table_;
};

}  // namespace siliconbert
