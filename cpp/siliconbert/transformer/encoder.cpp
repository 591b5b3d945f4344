#include "siliconbert/transformer/encoder.hpp"

#include <algorithm>

#include "siliconbert/base/check.hpp"
#include "siliconbert/base/parallel.hpp"
#include "siliconbert/transformer/elementwise.hpp"
#include "siliconbert/transformer/pass.hpp"
#include "siliconbert/transformer/passes.hpp"

namespace siliconbert {

Encoder::Encoder(std::shared_ptr<const Products> products, const NetworkShape& shape, const Tensors& tensors,
                 std::optional<ActivationFormats> activations, const std::optional<Spans>& spans) {
    const OneThreadACall guard;
    weights_ =
        std::make_shared<const Weights>(std::move(products), shape, tensors, std::move(activations), spans);
    keep_word_table(tensors);
}

void Encoder::keep_word_table(const Tensors& tensors) {
    const auto table = tensors.get("embeddings.word", shape().vocabulary, shape().embedding);
    kept_ = std::make_shared<const std::vector<float>>(table.values.begin(), table.values.end());
    word_table_ = *kept_;
}

Encoder Encoder::with_tensor(const Tensors& tensors, const std::string& name) const {
    const OneThreadACall guard;
    require(tensors.has(name), "with_tensor: tensor ", name, " is missing");
    Encoder changed = *this;
    if (name == "embeddings.word") {
        changed.keep_word_table(tensors);
    } else {
        changed.weights_ = std::make_shared<const Weights>(weights_->with(tensors, name));
    }
    return changed;
}

Encoder Encoder::over(std::span<const float> word_table) const {
    require(word_table.size() == word_table_.size(), "over: word_table must have ", word_table_.size(),
            " values, got ", word_table.size());
    Encoder changed = *this;
    changed.kept_ = nullptr;
    changed.word_table_ = word_table;
    return changed;
}

std::vector<std::size_t> Encoder::exits() const {
    std::vector<std::size_t> layers;
    for (const ExitWeights& exit : weights_->exits) layers.push_back(exit.layer);
    return layers;
}

std::string Encoder::path() const {
    return weights_->products->name() + (weights_->number == Number::bf16 ? " bf16" : " fp32");
}

void Encoder::trace(const Batch& batch, std::size_t first, std::size_t last, int threads,
                    std::span<float> logits, const Poll& poll, const Flight* flight) const {
    std::optional<InFlight> faults;
    if (flight != nullptr) faults.emplace(*flight, *weights_);
    const std::size_t classes = shape().classes;
    const std::size_t stride = weights_->exits.size() * classes;
    each_pass(batch, first, last, threads, [&](std::size_t from, std::size_t to) {
        if (poll) poll();
        Pass pass(*weights_, word_table_, batch, from, to, faults ? &*faults : nullptr);
        pass.embed();
        float* rows = logits.data() + (from - first) * stride;
        std::size_t next = 0;
        for (std::size_t l = 1; l <= shape().layers; ++l) {
            pass.layer(l);
            if (next == weights_->exits.size() || weights_->exits[next].layer != l) continue;
            pass.exit(weights_->exits[next], {rows + next * classes, (to - from) * stride - next * classes},
                      stride);
            ++next;
        }
    });
}

std::vector<std::size_t> Encoder::flips(const Batch& batch, const Flight& flight) const {
    const InFlight faults(flight, *weights_);
    std::vector<std::size_t> counts(batch.sentences());
    for (std::size_t i = 0; i < counts.size(); ++i) counts[i] = faults.flips(i, batch.length(i));
    return counts;
}

void Encoder::hidden(const Batch& batch, int threads, std::span<float> states) const {
    each_pass(batch, 0, batch.sentences(), threads, [&](std::size_t from, std::size_t to) {
        Pass pass(*weights_, word_table_, batch, from, to);
        pass.embed();
        for (std::size_t l = 1; l <= shape().layers; ++l) pass.layer(l);
        std::ranges::copy(pass.states(), states.data() + batch.start(from) * shape().hidden);
    });
}

// Calls body(first token, tokens, logits) for blocks of tokens, in parallel; it may overwrite the logits.
template <class Body>
void Encoder::each_decoded(const Batch& batch, int threads, const char* caller, Body&& body) const {
    require(weights_->decoder != nullptr, caller, ": the model must be a language model, it has no decoder");
    each_pass(batch, 0, batch.sentences(), threads, [&](std::size_t from, std::size_t to) {
        Pass pass(*weights_, word_table_, batch, from, to);
        pass.embed();
        for (std::size_t l = 1; l <= shape().layers; ++l) pass.layer(l);
        const std::size_t tokens = batch.start(to) - batch.start(from);
        thread_local std::vector<float> logits;  // many pages: making them anew takes time
        logits.resize(row_block * shape().vocabulary);
        for (std::size_t row = 0; row < tokens; row += row_block) {
            pass.decode(row, logits.data());
            body(batch.start(from) + row, std::min(row_block, tokens - row), logits.data());
        }
    });
}

void Encoder::next_words(const Batch& batch, int threads, std::span<float> logits) const {
    const std::size_t words = shape().vocabulary;
    each_decoded(batch, threads, "next_words", [&](std::size_t first, std::size_t count, const float* rows) {
        std::copy_n(rows, count * words, logits.data() + first * words);
    });
}

void Encoder::judge(const Batch& batch, std::span<const std::int32_t> following, int threads,
                    std::span<std::int32_t> best, std::span<float> loss) const {
    const std::size_t words = shape().vocabulary;
    require(following.size() == batch.ids.size(), "judge: following must be as many as ids (",
            batch.ids.size(), "), got ", following.size());
    for (const std::int32_t word : following) {
        require(word >= 0 && static_cast<std::size_t>(word) < words, "judge: following must be in 0..",
                words - 1, ", got ", word);
    }
    each_decoded(batch, threads, "judge", [&](std::size_t first, std::size_t count, float* rows) {
        for (std::size_t i = 0; i < count; ++i) {
            float* row = rows + i * words;
            best[first + i] = static_cast<std::int32_t>(largest_place(row, words));
            loss[first + i] = cross_entropy(row, words, static_cast<std::size_t>(following[first + i]));
        }
    });
}

std::vector<float> Encoder::calibrate(const Batch& batch, int threads) const {
    require(!weights_->formats, "calibrate: the network must run in fp32");
    std::vector<float> most(Places(shape()).count());
    each_pass(batch, 0, batch.sentences(), threads, [&](std::size_t from, std::size_t to) {
        std::vector<float> observed(most.size());
        std::vector<float> logits((to - from) * shape().classes);
        Pass pass(*weights_, word_table_, batch, from, to, nullptr, &observed);
        pass.embed();
        for (std::size_t l = 1; l <= shape().layers; ++l) {
            pass.layer(l);
            for (const ExitWeights& exit : weights_->exits) {
                if (exit.layer == l) pass.exit(exit, logits, shape().classes);
            }
        }
#pragma omp critical(siliconbert_calibrate)
        for (std::size_t p = 0; p < most.size(); ++p) most[p] = std::max(most[p], observed[p]);
    });
    return most;
}

}  // namespace siliconbert
