#include "siliconbert/transformer/pass.hpp"

#include <algorithm>
#include <cmath>

#include "siliconbert/transformer/elementwise.hpp"

namespace siliconbert {

namespace {

std::size_t longest(const Batch& batch, std::size_t first, std::size_t last) {
    std::size_t most = 0;
    for (std::size_t i = first; i < last; ++i) most = std::max(most, batch.length(i));
    return most;
}

}  // namespace

Pass::Pass(const Weights& weights, std::span<const float> word_table, const Batch& batch, std::size_t first,
           std::size_t last, const InFlight* faults, std::vector<float>* observed)
    : weights_(weights),
      word_table_(word_table),
      batch_(batch),
      first_(first),
      last_(last),
      faults_(faults),
      observed_(observed),
      places_(weights.shape),
      hidden_(weights.shape.hidden),
      tokens_(batch.start(last) - batch.start(first)),
      rows_(padded_rows(tokens_)),
      x_(rows_ * hidden_),
      qkv_(rows_ * 3 * hidden_),
      context_(rows_ * hidden_),
      wide_(row_block * std::max(weights.shape.ffn, hidden_)),
      narrow_(row_block * hidden_),
      scores_(weights.shape.heads * longest(batch, first, last) * longest(batch, first, last)) {}

// `valid` values count for the observer; `all` values, padding included, are passed on. The result is written
// to `buffer` from value `at` on, and returned; in fp32 it is `values` itself unless faults are to follow.
const void* Pass::side(std::size_t place, const float* values, std::size_t valid, std::size_t all,
                       Side& buffer, std::size_t at) {
    if (observed_ != nullptr) (*observed_)[place] = std::max((*observed_)[place], max_abs(values, valid));
    if (!weights_.formats && !disturbed(place)) return values;
    if (weights_.number == Number::fp32 && buffer.fp32.size() < at + all) buffer.fp32.resize(at + all);
    if (!weights_.formats) return std::copy_n(values, all, buffer.fp32.data() + at) - all;
    const AdaptivFloatQuantizer& format = (*weights_.formats)[place];
    if (weights_.number == Number::bf16) {
        if (buffer.bf16.size() < at + all) buffer.bf16.resize(at + all);
        format.quantize_to_bf16(values, buffer.bf16.data() + at, all);
        return buffer.bf16.data() + at;
    }
    format.quantize(values, buffer.fp32.data() + at, all);
    return buffer.fp32.data() + at;
}

Operands Pass::operands(Side& buffer) const {
    if (weights_.number == Number::bf16) return {nullptr, buffer.bf16.data()};
    return {buffer.fp32.data(), nullptr};
}

// The operands of a block of token rows from `row` on.
const void* Pass::block_side(std::size_t place, const float* values, std::size_t row, std::size_t width) {
    const std::size_t valid = valid_rows(row);
    const void* found = side(place, values, valid * width, row_block * width, input_);
    if (disturbed(place)) disturb_rows(place, row, valid, width, width, operands(input_));
    return found;
}

// Flips the bits of `count` token rows from `row` on, of whichever sentences they are; `operands` stands at
// the first of them.
void Pass::disturb_rows(std::size_t place, std::size_t row, std::size_t count, std::size_t width,
                        std::size_t stride, Operands operands) {
    for (std::size_t i = first_; i < last_; ++i) {
        const std::size_t start = batch_.start(i) - batch_.start(first_);
        const std::size_t from = std::max(start, row);
        const std::size_t to = std::min(start + batch_.length(i), row + count);
        if (from >= to) continue;
        faults_->flips(place, i, batch_.length(i) * width, flips_);
        faults_->apply(place, flips_, from - start, to - start, width, stride,
                       operands.from((from - row) * stride));
    }
}

// Flips the bits of `count` values of one sentence.
void Pass::disturb_sentence(std::size_t place, std::size_t sentence, std::size_t count, Operands operands) {
    faults_->flips(place, sentence, count, flips_);
    faults_->apply(place, flips_, 0, 1, count, count, operands);
}

void Pass::embed_row(std::size_t token, std::size_t position, float* out) const {
    const std::size_t width = weights_.shape.embedding;
    const float* word = word_table_.data() + static_cast<std::size_t>(batch_.ids[token]) * width;
    const float* type =
        weights_.embeddings.type.data() + static_cast<std::size_t>(batch_.types[token]) * width;
    const float* place = weights_.embeddings.position.data() + position * width;
    for (std::size_t j = 0; j < width; ++j) out[j] = word[j] + type[j] + place[j];
}

void Pass::embed() {
    const std::size_t width = weights_.shape.embedding;
    std::vector<float>& rows = weights_.embeddings.projection ? context_ : x_;
    if (rows.size() < rows_ * width) rows.resize(rows_ * width);
    const std::size_t start = batch_.start(first_);
    for (std::size_t i = first_; i < last_; ++i) {
        for (std::size_t t = 0; t < batch_.length(i); ++t) {
            const std::size_t token = batch_.start(i) + t;
            embed_row(token, t, rows.data() + (token - start) * width);
        }
    }
    const Norm& norm = weights_.embeddings.norm;
    layer_norm_rows(rows.data(), nullptr, norm.gain.data(), norm.shift.data(), rows.data(), tokens_, width,
                    weights_.shape.epsilon);
    if (weights_.embeddings.projection) project_embeddings();
}

void Pass::project_embeddings() {
    const std::size_t width = weights_.shape.embedding;
    for (std::size_t row = 0; row < rows_; row += row_block) {
        const void* in = block_side(Places::embeddings, context_.data() + row * width, row, width);
        weights_.embeddings.projection->apply(in, x_.data() + row * hidden_);
    }
    std::fill(context_.begin(), context_.end(), 0.0F);
}

void Pass::layer(std::size_t layer) {
    const LayerWeights& weights = weights_.groups[weights_.shape.group(layer)];
    queries_keys_values(weights, layer);
    attend(layer);
    for (std::size_t row = 0; row < rows_; row += row_block) after_attention(weights, layer, row);
}

void Pass::queries_keys_values(const LayerWeights& weights, std::size_t layer) {
    for (std::size_t row = 0; row < rows_; row += row_block) {
        const void* in =
            block_side(places_.layer(layer, Places::input), x_.data() + row * hidden_, row, hidden_);
        weights.query_key_value->apply(in, qkv_.data() + row * 3 * hidden_);
    }
    quantize_heads(layer);
    if (faults_ != nullptr) disturb_heads(layer);
}

void Pass::quantize_heads(std::size_t layer) {
    if (!weights_.formats && observed_ == nullptr) return;
    for (std::size_t row = 0; row < tokens_; ++row) {
        for (std::size_t part = 0; part < 3; ++part) {
            const std::size_t at = (row * 3 + part) * hidden_;
            const auto place = static_cast<Places::InLayer>(Places::query + part);
            side(places_.layer(layer, place), qkv_.data() + at, hidden_, hidden_, heads_, at);
        }
    }
}

void Pass::disturb_heads(std::size_t layer) {
    const Operands all = weights_.formats ? operands(heads_) : Operands{qkv_.data(), nullptr};
    for (std::size_t part = 0; part < 3; ++part) {
        const std::size_t place = places_.layer(layer, static_cast<Places::InLayer>(Places::query + part));
        if (!disturbed(place)) continue;
        disturb_rows(place, 0, tokens_, hidden_, 3 * hidden_, all.from(part * hidden_));
    }
}

// The queries, keys or values of a row, as the products take them.
const void* Pass::heads(std::size_t row, std::size_t part) const {
    const std::size_t at = (row * 3 + part) * hidden_;
    if (!weights_.formats) return qkv_.data() + at;
    if (weights_.number == Number::bf16) return heads_.bf16.data() + at;
    return heads_.fp32.data() + at;
}

void Pass::attend(std::size_t layer) {
    for (std::size_t i = first_; i < last_; ++i) attend_sentence(layer, i);
}

void Pass::attend_sentence(std::size_t layer, std::size_t sentence) {
    const NetworkShape& shape = weights_.shape;
    const std::size_t tokens = batch_.length(sentence);
    const std::size_t row = batch_.start(sentence) - batch_.start(first_);
    const auto products =
        weights_.products->attention({tokens, shape.heads, shape.head_width(), 3 * hidden_, weights_.number});
    products->scores(heads(row, 0), heads(row, 1), scores_.data());
    const float scale = 1 / std::sqrt(static_cast<float>(shape.head_width()));
    softmax_rows(scores_.data(), shape.heads * tokens, tokens, scale);
    const std::size_t count = shape.heads * tokens * tokens;
    const std::size_t place = places_.layer(layer, Places::probabilities);
    const void* probabilities = side(place, scores_.data(), count, count, probabilities_);
    if (disturbed(place)) disturb_sentence(place, sentence, count, operands(probabilities_));
    products->context(probabilities, heads(row, 2), context_.data() + row * hidden_);
}

// The rest of the layer is row by row, so a block of rows goes through it at once and stays in cache.
void Pass::after_attention(const LayerWeights& weights, std::size_t layer, std::size_t row) {
    float* x = x_.data() + row * hidden_;
    const auto enter = [&](Places::InLayer place, const float* values, std::size_t width) {
        return block_side(places_.layer(layer, place), values, row, width);
    };
    weights.output->apply(enter(Places::context, context_.data() + row * hidden_, hidden_), narrow_.data());
    layer_norm_rows(x, narrow_.data(), weights.attention_norm.gain.data(),
                    weights.attention_norm.shift.data(), x, row_block, hidden_, weights_.shape.epsilon);
    weights.up->apply(enter(Places::attended, x, hidden_), wide_.data());
    weights.down->apply(enter(Places::activated, wide_.data(), weights_.shape.ffn), narrow_.data());
    layer_norm_rows(x, narrow_.data(), weights.norm.gain.data(), weights.norm.shift.data(), x, row_block,
                    hidden_, weights_.shape.epsilon);
}

void Pass::exit(const ExitWeights& weights, std::span<float> logits, std::size_t stride) {
    const std::size_t classes = weights_.shape.classes;
    std::vector<float> out(row_block * classes);
    for (std::size_t from = first_; from < last_; from += row_block) {
        const std::size_t count = std::min(row_block, last_ - from);
        std::fill(narrow_.begin(), narrow_.end(), 0.0F);
        for (std::size_t i = 0; i < count; ++i) {
            const std::size_t row = batch_.start(from + i) - batch_.start(first_);
            std::copy_n(x_.data() + row * hidden_, hidden_, narrow_.data() + i * hidden_);
        }
        weights.pooler->apply(exit_side(places_.token(weights.layer), narrow_.data(), from, count),
                              wide_.data());
        weights.classifier->apply(exit_side(places_.pooled(weights.layer), wide_.data(), from, count),
                                  out.data());
        for (std::size_t i = 0; i < count; ++i) {
            std::copy_n(out.data() + i * classes, classes, logits.data() + (from + i - first_) * stride);
        }
    }
}

// One row a sentence, `count` of them.
const void* Pass::exit_side(std::size_t place, const float* values, std::size_t from, std::size_t count) {
    const void* found = side(place, values, count * hidden_, row_block * hidden_, input_);
    if (!disturbed(place)) return found;
    for (std::size_t i = 0; i < count; ++i) {
        disturb_sentence(place, from + i, hidden_, operands(input_).from(i * hidden_));
    }
    return found;
}

}  // namespace siliconbert
