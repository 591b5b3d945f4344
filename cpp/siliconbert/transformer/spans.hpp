// Adaptive attention spans: which heads are on, and how much of a probability every key keeps.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "siliconbert/transformer/network.hpp"

namespace siliconbert {

// window: m = clamp((ramp + z - |query - key|) / ramp, 0, 1). edgebert_public, the mask of EdgeBERT's public
// code, is the same for every query: clamp((ramp + z - 127 + key) / ramp, 0, 1).
enum class SpanVariant { window, edgebert_public };

SpanVariant span_variant_by_name(const std::string& name);

// A head whose z is exactly 0 is off: its context is zero. Else its probabilities are multiplied by m, and
// where `renormalise` is set divided by their sum + 1e-8.
struct Spans {
    std::vector<float> values;  // z of every set of weights and head, tokens
    float ramp = 32;
    SpanVariant variant = SpanVariant::window;
    bool renormalise = true;
};

// Throws where the values do not fit the network.
void check_spans(const Spans& spans, const NetworkShape& shape);

// Keys first .. last - 1.
struct KeyRange {
    std::size_t first = 0;
    std::size_t last = 0;
    std::size_t count() const { return last - first; }
};

// What one head sees.
class Window {
 public:
    Window(const Spans& spans, float z);

    // The keys with m > 0 in a sentence of this many tokens.
    KeyRange keys(std::size_t query, std::size_t tokens) const;
    // m of all pairs in such a sentence; of a query, key after key, from row(query, tokens) on.
    std::vector<float> weights(std::size_t tokens) const;
    std::size_t row(std::size_t query, std::size_t tokens) const;

 private:
    bool sliding_;  // else all queries see the same keys
    float ramp_;
    float top_;  // m is clamp((top - distance) / ramp); the distance of a key is -key where nothing slides
};

// The heads of one set of weights.
struct LayerHeads {
    static constexpr auto off = static_cast<std::size_t>(-1);
    LayerHeads(const NetworkShape& shape, const std::optional<Spans>& spans, std::size_t group);

    std::size_t width() const {
        return on.size() * head_width;
    }  // of the queries, keys, values that are made
    bool windowed() const { return !windows.empty(); }
    bool all_on() const { return on.size() == slots.size(); }

    std::size_t head_width;
    std::vector<std::size_t> on;     // numbers of the heads that are on, ascending
    std::vector<std::size_t> slots;  // of every head: its place among those, or `off`
    std::vector<Window> windows;     // of the heads that are on; empty in a network without spans
    bool renormalise = true;
};

// Some queries of a sentence, and the keys that are computed for them.
struct QueryBlock {
    std::size_t first = 0;
    std::size_t count = 0;
    KeyRange keys;
};

// The blocks that a sentence is taken in. One with all keys where rows are not renormalised, since their sums
// run over all keys, and where blocks would save less than half of the scores (measured: less does not pay).
std::vector<QueryBlock> query_blocks(const LayerHeads& heads, std::size_t tokens);

}  // namespace siliconbert
