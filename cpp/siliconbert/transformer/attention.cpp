// The attention half of a pass: heads that are off are not computed, keys outside all windows only where the
// definition needs them.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

#include "siliconbert/transformer/elementwise.hpp"
#include "siliconbert/transformer/fixed_point.hpp"
#include "siliconbert/transformer/pass.hpp"

namespace siliconbert {

namespace {

// A row is divided by its window's sum + 1e-8 of the sum over all keys. Keys that were not computed may be
// left out of the latter while they change the result by less than this share.
constexpr float negligible = 1e-6F;

float as_float(float value) { return value; }
float as_float(std::uint16_t bf16) { return std::bit_cast<float>(std::uint32_t{bf16} << 16); }

template <class Value>
float sum_of_squares(const Value* values, std::size_t count) {
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (std::size_t i = 0; i < count; ++i) sum += as_float(values[i]) * as_float(values[i]);
    return sum;
}

}  // namespace

// What attention needs to know of one sentence.
struct Pass::Sentence {
    const LayerHeads& heads;
    std::size_t layer;
    std::size_t number;  // in the batch
    std::size_t row;     // of its first token in the pass
    std::size_t tokens;
    std::vector<std::vector<float>> weights{};  // Window::weights of every head that is on
    std::vector<float> longest_keys{};          // their largest norm; empty where all keys are computed
};

void Pass::attend(const LayerWeights& weights, const LayerHeads& heads, std::size_t layer) {
    if (heads.on.empty()) {
        std::fill_n(context_.begin(), rows_ * context_width(heads), 0.0F);
        return;
    }
    queries_keys_values(weights, heads, layer);
    for (std::size_t i = first_; i < last_; ++i) attend_sentence(heads, layer, i);
}

void Pass::queries_keys_values(const LayerWeights& weights, const LayerHeads& heads, std::size_t layer) {
    for (std::size_t row = 0; row < rows_; row += row_block) {
        const void* in =
            block_side(places_.layer(layer, Places::input), x_.data() + row * hidden_, row, hidden_);
        // What is quantized next need not leave the cache.
        float* out = weights_.formats ? wide_.data() : qkv_.data() + row * 3 * heads.width();
        weights.query_key_value->apply(in, out);
        quantize_heads(heads, layer, row, out);
    }
    if (faults_ != nullptr) disturb_heads(heads, layer);
}

// `values` of the block of rows from `first` on.
void Pass::quantize_heads(const LayerHeads& heads, std::size_t layer, std::size_t first,
                          const float* values) {
    if (!weights_.formats && observed_ == nullptr) return;
    const std::size_t width = heads.width();
    for (std::size_t row = first; row < first + valid_rows(first); ++row) {
        for (std::size_t part = 0; part < 3; ++part, values += width) {
            const auto place = static_cast<Places::InLayer>(Places::query + part);
            side(places_.layer(layer, place), values, width, width, heads_, (row * 3 + part) * width);
        }
    }
}

void Pass::disturb_heads(const LayerHeads& heads, std::size_t layer) {
    const std::size_t width = heads.width();
    const Operands all = weights_.formats ? operands(heads_) : Operands{qkv_.data(), nullptr};
    for (std::size_t part = 0; part < 3; ++part) {
        const std::size_t place = places_.layer(layer, static_cast<Places::InLayer>(Places::query + part));
        if (!disturbed(place)) continue;
        disturb_rows(place, 0, tokens_, width, 3 * width, all.from(part * width));
    }
}

// The queries, keys or values of a row, as the products take them.
const void* Pass::head_rows(const LayerHeads& heads, std::size_t row, std::size_t part) const {
    const std::size_t at = (row * 3 + part) * heads.width();
    if (!weights_.formats) return qkv_.data() + at;
    if (weights_.number == Number::bf16) return heads_.bf16.data() + at;
    return heads_.fp32.data() + at;
}

void Pass::attend_sentence(const LayerHeads& heads, std::size_t layer, std::size_t sentence) {
    const std::size_t tokens = batch_.length(sentence);
    std::vector<QueryBlock> blocks = query_blocks(heads, tokens);
    // The 16-bit unit masks after a softmax over all keys.
    if (weights_.shape.fixed_point) blocks = {{0, tokens, {0, tokens}}};
    Sentence at{heads, layer, sentence, row_of(sentence), tokens};
    for (const Window& window : heads.windows) at.weights.push_back(window.weights(tokens));
    if (blocks.front().keys.count() < tokens) at.longest_keys = longest_keys(at);
    const bool done = std::ranges::all_of(blocks, [&](const auto& block) { return attend_block(at, block); });
    if (!done) attend_block(at, {0, tokens, {0, tokens}});
}

std::vector<float> Pass::longest_keys(const Sentence& at) const {
    std::vector<float> longest(at.heads.on.size());
    for (std::size_t i = 0; i < at.tokens; ++i) {
        for (std::size_t h = 0; h < longest.size(); ++h) {
            longest[h] = std::max(longest[h], norm(at, i, 1, h));
        }
    }
    return longest;
}

// Writes the context of a block's queries, unless sums over all keys turn out to be needed, which are not
// there: then it returns false.
bool Pass::attend_block(const Sentence& at, const QueryBlock& block) {
    const LayerHeads& heads = at.heads;
    const std::size_t keys = at.row + block.keys.first;
    const auto products =
        weights_.products->attention({block.count, block.keys.count(), heads.on.size(), heads.head_width,
                                      3 * heads.width(), weights_.number});
    products->scores(head_rows(heads, at.row + block.first, 0), head_rows(heads, keys, 1), scores_.data());
    const float scale = 1 / std::sqrt(static_cast<float>(heads.head_width));
    if (weights_.shape.fixed_point) {
        fixed_point_softmax(at, block, scale);
    } else if (weights_.shape.causal) {
        causal_softmax_rows(scores_.data(), heads.on.size(), block.count, scale);
    } else if (!heads.windowed()) {
        softmax_rows(scores_.data(), heads.on.size() * block.count, block.keys.count(), scale);
    } else if (!window(at, block, scale)) {
        return false;
    }
    const std::size_t count = heads.on.size() * block.count * block.keys.count();
    const std::size_t place = places_.layer(at.layer, Places::probabilities);
    const void* probabilities = side(place, scores_.data(), count, count, probabilities_);
    if (disturbed(place)) disturb_probabilities(at, block, operands(probabilities_));
    products->context(probabilities, head_rows(heads, keys, 2),
                      context_.data() + (at.row + block.first) * heads.width());
    return true;
}

void Pass::fixed_point_softmax(const Sentence& at, const QueryBlock& block, float scale) {
    const LayerHeads& heads = at.heads;
    const std::size_t columns = block.keys.count();
    fixed_point::softmax_rows(scores_.data(), heads.on.size() * block.count, columns, scale);
    for (std::size_t h = 0; heads.windowed() && h < heads.on.size(); ++h) {
        for (std::size_t i = 0; i < block.count; ++i) {
            const float* weights = at.weights[h].data() + heads.windows[h].row(block.first + i, at.tokens);
            fixed_point::window_row(scores_.data() + (h * block.count + i) * columns, weights, columns,
                                    heads.renormalise);
        }
    }
}

// Scores to windowed probabilities. False where the keys outside the block could change a result: by the
// Cauchy-Schwarz inequality no score there is above the norm of its query times the longest key's.
bool Pass::window(const Sentence& at, const QueryBlock& block, float scale) {
    const LayerHeads& heads = at.heads;
    const std::size_t columns = block.keys.count();
    const auto left_out = static_cast<float>(at.tokens - columns);
    largest_.resize(heads.on.size() * block.count);
    exponential_rows(scores_.data(), largest_.size(), columns, scale, largest_.data());
    for (std::size_t h = 0; h < heads.on.size(); ++h) {
        const Window& seen = heads.windows[h];
        for (std::size_t i = 0; i < block.count; ++i) {
            const std::size_t query = block.first + i;
            const std::size_t row = h * block.count + i;
            const float* weights = at.weights[h].data() + seen.row(query, at.tokens) + block.keys.first;
            const float kept =
                window_row(scores_.data() + row * columns, weights, columns, heads.renormalise);
            if (left_out == 0) continue;
            const float highest = scale * norm(at, query, 0, h) * at.longest_keys[h];
            // Not true either where something is NaN.
            if (!(1e-8F * left_out * std::exp(highest - largest_[row]) <= negligible * kept)) return false;
        }
    }
    return true;
}

// Of a token's query (part 0) or key (1), as the products take it.
float Pass::norm(const Sentence& at, std::size_t token, std::size_t part, std::size_t slot) const {
    const std::size_t width = at.heads.head_width;
    const void* row = head_rows(at.heads, at.row + token, part);
    if (weights_.number == Number::bf16) {
        return std::sqrt(sum_of_squares(static_cast<const std::uint16_t*>(row) + slot * width, width));
    }
    return std::sqrt(sum_of_squares(static_cast<const float*>(row) + slot * width, width));
}

void Pass::disturb_probabilities(const Sentence& at, const QueryBlock& block, Operands operands) {
    const std::size_t place = places_.layer(at.layer, Places::probabilities);
    faults_->flips(place, at.number, at.tokens, flips_);
    std::size_t inside = 0;
    for (const Flip& flip : flips_) {
        const std::size_t row = flip.element / at.tokens;
        const std::size_t query = row % at.tokens;
        if (query < block.first || query >= block.first + block.count) continue;
        const std::size_t block_row = row / at.tokens * block.count + query - block.first;
        const std::size_t key = flip.element % at.tokens - block.keys.first;
        flips_[inside++] = {block_row * block.keys.count() + key, flip.bit};
    }
    flips_.resize(inside);
    const std::size_t count = at.heads.on.size() * block.count * block.keys.count();
    faults_->apply(place, flips_, 0, 1, count, count, operands);
}

}  // namespace siliconbert
