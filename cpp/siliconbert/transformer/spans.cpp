#include "siliconbert/transformer/spans.hpp"

#include <algorithm>
#include <cmath>

#include "siliconbert/base/check.hpp"

namespace siliconbert {

namespace {

// The public code masks positions of sentences that are padded to 128 tokens.
constexpr float public_last = 127;
// Few enough that their windows overlap well, enough for a product to be efficient.
constexpr std::size_t queries_together = 64;

// The keys that any head sees from any of the queries.
KeyRange keys_of(const LayerHeads& heads, std::size_t first, std::size_t last, std::size_t tokens) {
    KeyRange all{tokens, 0};
    for (const Window& window : heads.windows) {
        all.first = std::min(all.first, window.keys(first, tokens).first);
        all.last = std::max(all.last, window.keys(last - 1, tokens).last);
    }
    return all;
}

}  // namespace

SpanVariant span_variant_by_name(const std::string& name) {
    if (name == "window") return SpanVariant::window;
    if (name == "edgebert-public") return SpanVariant::edgebert_public;
    throw std::invalid_argument(
        say("Encoder: variant of spans must be one of window, edgebert-public; got '", name, "'"));
}

void check_spans(const Spans& spans, const NetworkShape& shape) {
    require(spans.values.size() == shape.groups * shape.heads, "Encoder: spans must have ", shape.groups,
            " weight sets of ", shape.heads, " heads, got ", spans.values.size(), " values");
    for (const float z : spans.values) {
        require(z >= 0 && std::isfinite(z), "Encoder: spans must be finite and at least 0, got ", z);
    }
    require(spans.ramp > 0 && std::isfinite(spans.ramp), "Encoder: ramp of spans must be positive, got ",
            spans.ramp);
}

Window::Window(const Spans& spans, float z)
    : sliding_(spans.variant == SpanVariant::window),
      ramp_(spans.ramp),
      top_(sliding_ ? spans.ramp + z : spans.ramp + z - public_last) {}

KeyRange Window::keys(std::size_t query, std::size_t tokens) const {
    const auto limit = static_cast<float>(tokens);
    if (!sliding_) {
        const float first = std::clamp(std::floor(-top_) + 1, 0.0F, limit);
        return {static_cast<std::size_t>(first), tokens};
    }
    const auto reach = static_cast<std::size_t>(std::min(std::ceil(top_) - 1, limit));
    return {query - std::min(query, reach), std::min(tokens, query + reach + 1)};
}

std::vector<float> Window::weights(std::size_t tokens) const {
    std::vector<float> found(sliding_ ? 2 * tokens - 1 : tokens);
    for (std::size_t i = 0; i < found.size(); ++i) {
        const auto at = static_cast<float>(i);
        const float distance = sliding_ ? std::abs(at - static_cast<float>(tokens - 1)) : -at;
        found[i] = std::clamp((top_ - distance) / ramp_, 0.0F, 1.0F);
    }
    return found;
}

std::size_t Window::row(std::size_t query, std::size_t tokens) const {
    return sliding_ ? tokens - 1 - query : 0;
}

LayerHeads::LayerHeads(const NetworkShape& shape, const std::optional<Spans>& spans, std::size_t group)
    : head_width(shape.head_width()), renormalise(!spans || spans->renormalise) {
    for (std::size_t h = 0; h < shape.heads; ++h) {
        const float z = spans ? spans->values[group * shape.heads + h] : 1;
        slots.push_back(z == 0 ? off : on.size());
        if (z == 0) continue;
        on.push_back(h);
        if (spans) windows.emplace_back(*spans, z);
    }
}

std::vector<QueryBlock> query_blocks(const LayerHeads& heads, std::size_t tokens) {
    const std::vector<QueryBlock> whole{{0, tokens, {0, tokens}}};
    if (!heads.windowed() || !heads.renormalise) return whole;
    std::vector<QueryBlock> blocks;
    std::size_t scores = 0;
    for (std::size_t first = 0; first < tokens; first += queries_together) {
        const std::size_t count = std::min(queries_together, tokens - first);
        const KeyRange keys = keys_of(heads, first, first + count, tokens);
        if (keys.first >= keys.last) return whole;
        blocks.push_back({first, count, keys});
        scores += count * keys.count();
    }
    return 2 * scores > tokens * tokens ? whole : blocks;
}

}  // namespace siliconbert
