// The network as users see it: sentences in, the logits of every exit out, at any thread count the same bits.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "siliconbert/transformer/in_flight.hpp"
#include "siliconbert/transformer/weights.hpp"

namespace siliconbert {

// How sure an exit is of its answer, from its logits: their entropy, say.
using Score = float (*)(std::span<const float> logits);

// Called before every pass on the thread that runs it, to end a long call: it may throw.
using Poll = std::function<void()>;

class Encoder {
 public:
    // Without `activations` the network runs in fp32. With them, the matrices and the word table must already
    // hold AdaptivFloat values. Without `spans` every head sees all keys. All tensors must be finite.
    Encoder(std::shared_ptr<const Products> products, const NetworkShape& shape, const Tensors& tensors,
            std::optional<ActivationFormats> activations, const std::optional<Spans>& spans = std::nullopt);

    // The same network after tensor `name` changed, to values that need not be finite; what is packed
    // together with it comes from `tensors` too, all else is shared.
    Encoder with_tensor(const Tensors& tensors, const std::string& name) const;
    // The same network over a word table (vocabulary x embedding) that the caller keeps, and may change
    // between calls.
    Encoder over(std::span<const float> word_table) const;

    const NetworkShape& shape() const { return weights_->shape; }
    std::vector<std::size_t> exits() const;
    std::vector<std::string> places() const { return Places(shape()).names(); }
    std::string path() const;

    // logits: sentences x exits x classes, of sentences first .. last - 1 of a checked batch. `flight`, where
    // given, disturbs the activations.
    void trace(const Batch& batch, std::size_t first, std::size_t last, int threads, std::span<float> logits,
               const Poll& poll = {}, const Flight* flight = nullptr) const;
    // Runs each sentence of a checked batch until `leave`, asked with the scores of every layer's exit but
    // the last, lets it go. layers: the layer it leaves after; logits: sentences x classes, of that layer's
    // exit, the bits of a trace. The network must have an exit after every layer.
    void run(const Batch& batch, int threads, Score score, Leave& leave, std::span<std::int32_t> layers,
             std::span<float> logits) const;
    // How many bits of activations flip in each sentence of a checked batch.
    std::vector<std::size_t> flips(const Batch& batch, const Flight& flight) const;
    // states: tokens x hidden after the last layer.
    void hidden(const Batch& batch, int threads, std::span<float> states) const;
    // logits: tokens x vocabulary, of a language model's next word after every token of a checked batch.
    void next_words(const Batch& batch, int threads, std::span<float> logits) const;
    // Of every token the likeliest next word, and -log of the probability of the one that follows.
    void judge(const Batch& batch, std::span<const std::int32_t> following, int threads,
               std::span<std::int32_t> best, std::span<float> loss) const;
    // Largest magnitude at every place; the network must run in fp32.
    std::vector<float> calibrate(const Batch& batch, int threads) const;

 private:
    void keep_word_table(const Tensors& tensors);
    template <class Body>
    void each_decoded(const Batch& batch, int threads, const char* caller, Body&& body) const;

    std::shared_ptr<const Weights> weights_;
    std::shared_ptr<const std::vector<float>> kept_;  // empty where the caller keeps the word table
    std::span<const float> word_table_;
};

}  // namespace siliconbert
