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
           std::size_t last, std::vector<float>* observed)
    : weights_(weights),
      word_table_(word_table),
      batch_(batch),
      first_(first),
      last_(last),
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
// to `buffer` from value `at` on, and returned; in fp32 it is `values` itself.
const void* Pass::side(std::size_t place, const float* values, std::size_t valid, std::size_t all,
                       Side& buffer, std::size_t at) {
    if (observed_ != nullptr) (*observed_)[place] = std::max((*observed_)[place], max_abs(values, valid));
    if (!weights_.formats) return values;
    const AdaptivFloatQuantizer& format = (*weights_.formats)[place];
    if (weights_.number == Number::bf16) {
        if (buffer.bf16.size() < at + all) buffer.bf16.resize(at + all);
        format.quantize_to_bf16(values, buffer.bf16.data() + at, all);
        return buffer.bf16.data() + at;
    }
    if (buffer.fp32.size() < at + all) buffer.fp32.resize(at + all);
    format.quantize(values, buffer.fp32.data() + at, all);
    return buffer.fp32.data() + at;
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
        const void* in = side(Places::embeddings, context_.data() + row * width, valid_rows(row) * width,
                              row_block * width, input_);
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
        const void* in = side(places_.layer(layer, Places::input), x_.data() + row * hidden_,
                              valid_rows(row) * hidden_, row_block * hidden_, input_);
        weights.query_key_value->apply(in, qkv_.data() + row * 3 * hidden_);
    }
    quantize_heads(layer);
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
    const void* probabilities =
        side(places_.layer(layer, Places::probabilities), scores_.data(), count, count, probabilities_);
    products->context(probabilities, heads(row, 2), context_.data() + row * hidden_);
}

// The rest of the layer is row by row, so a block of rows goes through it at once and stays in cache.
void Pass::after_attention(const LayerWeights& weights, std::size_t layer, std::size_t row) {
    const std::size_t valid = valid_rows(row);
    float* x = x_.data() + row * hidden_;
    const auto enter = [&](Places::InLayer place, const float* values, std::size_t width) {
        return side(places_.layer(layer, place), values, valid * width, row_block * width, input_);
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
        const std::size_t all = row_block * hidden_;
        weights.pooler->apply(
            side(places_.token(weights.layer), narrow_.data(), count * hidden_, all, input_), wide_.data());
        weights.classifier->apply(
            side(places_.pooled(weights.layer), wide_.data(), count * hidden_, all, input_), out.data());
        for (std::size_t i = 0; i < count; ++i) {
            std::copy_n(out.data() + i * classes, classes, logits.data() + (from + i - first_) * stride);
        }
    }
}

}  // namespace siliconbert
