#include "siliconbert/transformer/integer/encoder.hpp"

#include <algorithm>

#include "siliconbert/base/parallel.hpp"
#include "siliconbert/transformer/integer/pass.hpp"

namespace siliconbert {

namespace {

// Sentences run together until they hold this many tokens: enough that reading a layer's weights costs little
// beside multiplying with them, few enough that the codes of a pass stay near the processor.
constexpr std::size_t pass_tokens = 512;

// Bounds of consecutive groups of sentences of about the same number of tokens, as many for every thread.
// What stands together changes no result.
std::vector<std::size_t> split(const Batch& batch, std::size_t first, std::size_t last, int threads) {
    const auto workers = static_cast<std::size_t>(thread_count(threads));
    const std::size_t total = batch.start(last) - batch.start(first);
    const std::size_t rounds = (total + workers * pass_tokens - 1) / (workers * pass_tokens);
    const std::size_t passes = std::max<std::size_t>(1, rounds * workers);
    std::vector<std::size_t> bounds{first};
    for (std::size_t i = first; i < last; ++i) {
        // A sentence goes where its middle lies.
        const std::size_t middle = batch.start(i) - batch.start(first) + batch.length(i) / 2;
        if (i > bounds.back() && middle * passes >= total * bounds.size()) bounds.push_back(i);
    }
    if (last > first) bounds.push_back(last);
    return bounds;
}

// Calls body(first, last) for every group, in parallel.
template <class Body>
void each_pass(const Batch& batch, std::size_t first, std::size_t last, int threads, Body&& body) {
    const OneThreadACall guard;
    const std::vector<std::size_t> bounds = split(batch, first, last, threads);
    parallel_for(bounds.size() - 1, threads, [&](std::size_t g) { body(bounds[g], bounds[g + 1]); });
}

}  // namespace

IntegerEncoder::IntegerEncoder(std::shared_ptr<const IntegerProducts> products, const NetworkShape& shape,
                               const IntegerLimits& limits, const IntegerArrays& arrays) {
    const OneThreadACall guard;
    weights_ = std::make_shared<const IntegerWeights>(std::move(products), shape, limits, arrays);
}

std::vector<std::size_t> IntegerEncoder::exits() const {
    std::vector<std::size_t> layers;
    for (const IntegerExit& exit : weights_->exits) layers.push_back(exit.layer);
    return layers;
}

void IntegerEncoder::trace(const Batch& batch, std::size_t first, std::size_t last, int threads,
                           std::span<float> logits) const {
    const std::size_t classes = shape().classes;
    const std::size_t stride = weights_->exits.size() * classes;
    each_pass(batch, first, last, threads, [&](std::size_t from, std::size_t to) {
        IntegerPass pass(*weights_, batch, from, to);
        pass.embed();
        float* rows = logits.data() + (from - first) * stride;
        auto next = weights_->exits.begin();
        for (std::size_t l = 0; l < shape().layers; ++l) {
            pass.layer(weights_->layers[l]);
            if (next == weights_->exits.end() || next->layer != l + 1) continue;
            pass.exit(weights_->layers[l], *next++, rows, stride);
            rows += classes;
        }
    });
}

void IntegerEncoder::hidden(const Batch& batch, int threads, std::span<std::int8_t> codes) const {
    each_pass(batch, 0, batch.sentences(), threads, [&](std::size_t from, std::size_t to) {
        IntegerPass pass(*weights_, batch, from, to);
        pass.embed();
        for (const IntegerLayer& layer : weights_->layers) pass.layer(layer);
        std::ranges::copy(pass.states(), codes.data() + batch.start(from) * shape().hidden);
    });
}

}  // namespace siliconbert
