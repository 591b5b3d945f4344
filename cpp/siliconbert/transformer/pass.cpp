#include "siliconbert/transformer/pass.hpp"

#include <algorithm>
#include <cmath>

#include "siliconbert/transformer/elementwise.hpp"
#include "siliconbert/transformer/fixed_point.hpp"

namespace siliconbert {

namespace {

std::size_t longest(const Batch& batch, std::size_t first, std::size_t last) {
    std::size_t most = 0;
    for (std::size_t i = first; i < last; ++i) most = std::max(most, batch.length(i));
    return most;
}

template <class Value>
void grow(Buffer<Value>& buffer, std::size_t size) {
    if (buffer.size() < size) buffer.resize(size);
}

PassBuffers& buffers() {
    thread_local PassBuffers kept;
    return kept;
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
      x_(buffers().x),
      qkv_(buffers().qkv),
      context_(buffers().context),
      wide_(buffers().wide),
      narrow_(buffers().narrow),
      scores_(buffers().scores),
      largest_(buffers().largest),
      input_(buffers().input),
      heads_(buffers().heads),
      probabilities_(buffers().probabilities) {
    const std::size_t most = longest(batch, first, last);
    for (Buffer<float>* const rows : {&x_, &context_}) {
        grow(*rows, rows_ * hidden_);
        // Nothing is written beyond the last token, but it goes through products, where numbers are quick.
        std::fill_n(rows->begin() + static_cast<std::ptrdiff_t>(tokens_ * hidden_),
                    (rows_ - tokens_) * hidden_, 0.0F);
    }
    if (!weights.formats) grow(qkv_, rows_ * 3 * hidden_);
    grow(wide_, row_block * std::max(weights.shape.ffn, 3 * hidden_));
    grow(narrow_, row_block * hidden_);
    grow(scores_, weights.shape.heads * most * most);
}

// `valid` values count for the observer; `all` values, padding included, are passed on. The result is written
// to `buffer` from value `at` on, and returned; in fp32 it is `values` itself unless faults are to follow.
const void* Pass::side(std::size_t place, const float* values, std::size_t valid, std::size_t all,
                       Side& buffer, std::size_t at) {
    if (observed_ != nullptr) (*observed_)[place] = std::max((*observed_)[place], max_abs(values, valid));
    if (!weights_.formats && !disturbed(place)) return values;
    if (weights_.number == Number::fp32) grow(buffer.fp32, at + all);
    if (!weights_.formats) return std::copy_n(values, all, buffer.fp32.data() + at) - all;
    const AdaptivFloatQuantizer& format = (*weights_.formats)[place];
    if (weights_.number == Number::bf16) {
        grow(buffer.bf16, at + all);
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
        const std::size_t start = row_of(i);
        const std::size_t from = std::max(start, row);
        const std::size_t to = std::min(start + batch_.length(i), row + count);
        if (from >= to) continue;
        faults_->flips(place, i, batch_.length(i), flips_);
        faults_->apply(place, flips_, from - start, to - start, width, stride,
                       operands.from((from - row) * stride));
    }
}

void Pass::normalise(const float* x, const float* residual, const Norm& norm, float* out, std::size_t rows,
                     std::size_t columns) const {
    const float *gain = norm.gain.data(), *shift = norm.shift.data();
    if (weights_.shape.fixed_point) {
        fixed_point::layer_norm_rows(x, residual, gain, shift, out, rows, columns);
    } else {
        layer_norm_rows(x, residual, gain, shift, out, rows, columns, weights_.shape.epsilon);
    }
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
    Buffer<float>& rows = weights_.embeddings.projection ? context_ : x_;
    grow(rows, rows_ * width);
    for (std::size_t i = first_; i < last_; ++i) {
        for (std::size_t t = 0; t < batch_.length(i); ++t) {
            embed_row(batch_.start(i) + t, t, rows.data() + (row_of(i) + t) * width);
        }
    }
    const Norm& norm = weights_.embeddings.norm;
    // Not by the 16-bit unit: the embeddings' variance is a few of its codes.
    layer_norm_rows(rows.data(), nullptr, norm.gain.data(), norm.shift.data(), rows.data(), tokens_, width,
                    weights_.shape.epsilon);
    if (weights_.embeddings.projection) project_embeddings();
}

void Pass::resume(std::span<const float> states) { std::ranges::copy(states, x_.begin()); }

void Pass::project_embeddings() {
    const std::size_t width = weights_.shape.embedding;
    for (std::size_t row = 0; row < rows_; row += row_block) {
        const void* in = block_side(Places::embeddings, context_.data() + row * width, row, width);
        weights_.embeddings.projection->apply(in, x_.data() + row * hidden_);
    }
}

void Pass::layer(std::size_t layer) {
    const std::size_t group = weights_.shape.group(layer);
    const LayerWeights& weights = weights_.groups[group];
    attend(weights, weights_.heads[group], layer);
    for (std::size_t row = 0; row < rows_; row += row_block) {
        after_attention(weights, weights_.heads[group], layer, row);
    }
}

// The rest of the layer is row by row, so a block of rows goes through it at once and stays in cache.
void Pass::after_attention(const LayerWeights& weights, const LayerHeads& heads, std::size_t layer,
                           std::size_t row) {
    const std::size_t attended = context_width(heads);
    float* x = x_.data() + row * hidden_;
    const auto enter = [&](Places::InLayer place, const float* values, std::size_t width) {
        return block_side(places_.layer(layer, place), values, row, width);
    };
    weights.output->apply(enter(Places::context, context_.data() + row * attended, attended), narrow_.data());
    normalise(x, narrow_.data(), weights.attention_norm, x, row_block, hidden_);
    weights.up->apply(enter(Places::attended, x, hidden_), wide_.data());
    weights.down->apply(enter(Places::activated, wide_.data(), weights_.shape.ffn), narrow_.data());
    normalise(x, narrow_.data(), weights.norm, x, row_block, hidden_);
}

void Pass::exit(const ExitWeights& weights, std::span<float> logits, std::size_t stride) {
    const std::size_t classes = weights_.shape.classes;
    std::vector<float> out(row_block * classes);
    for (std::size_t from = first_; from < last_; from += row_block) {
        const std::size_t count = std::min(row_block, last_ - from);
        std::fill_n(narrow_.begin(), row_block * hidden_, 0.0F);
        for (std::size_t i = 0; i < count; ++i) {
            std::copy_n(x_.data() + row_of(from + i) * hidden_, hidden_, narrow_.data() + i * hidden_);
        }
        const void* in = exit_side(places_.token(weights.layer), narrow_.data(), from, count);
        if (weights.pooler != nullptr) {
            weights.pooler->apply(in, wide_.data());
            in = exit_side(places_.pooled(weights.layer), wide_.data(), from, count);
        }
        weights.classifier->apply(in, out.data());
        for (std::size_t i = 0; i < count; ++i) {
            std::copy_n(out.data() + i * classes, classes, logits.data() + (from + i - first_) * stride);
        }
    }
}

void Pass::decode(std::size_t row, float* logits) const {
    weights_.decoder->apply(x_.data() + row * hidden_, logits);
}

// One row a sentence, `count` of them.
const void* Pass::exit_side(std::size_t place, const float* values, std::size_t from, std::size_t count) {
    const void* found = side(place, values, count * hidden_, row_block * hidden_, input_);
    if (!disturbed(place)) return found;
    for (std::size_t i = 0; i < count; ++i) {
        faults_->flips(place, from + i, batch_.length(from + i), flips_);
        faults_->apply(place, flips_, 0, 1, hidden_, hidden_, operands(input_).from(i * hidden_));
    }
    return found;
}

}  // namespace siliconbert
