#include "siliconbert/transformer/integer/pass.hpp"

#include <algorithm>

#include "siliconbert/base/ceil_divide.hpp"
#include "siliconbert/transformer/elementwise.hpp"

namespace siliconbert {

namespace {

std::size_t whole_units(std::size_t rows) { return ceil_divide(rows, row_unit) * row_unit; }

// Heads are taken together while their tables of scores have at most this many sums, which stay in cache.
constexpr std::size_t score_sums = 1 << 16;

std::size_t heads_at_once(std::size_t heads, std::size_t tokens) {
    std::size_t most = std::clamp<std::size_t>(score_sums / (tokens * tokens), 1, heads);
    while (heads % most != 0) --most;
    return most;
}

// Beside those of float_steps.hpp.
void softmax_rows(const std::int32_t* sums, std::size_t rows, std::size_t columns, std::size_t stride,
                  const IntegerSoftmax& softmax, std::uint8_t* out) {
    integer_kernels().softmax_rows(sums, rows, columns, stride, softmax, out);
}

void layer_norm_rows(const std::int8_t* x, const std::int8_t* y, std::size_t rows, const IntegerNorm& norm,
                     int limit, std::int8_t* out) {
    integer_kernels().layer_norm_rows(x, y, rows, norm, limit, out);
}

// out = weight x + bias.
void float_linear(const FloatMatrix& matrix, const std::vector<float>& x, std::vector<float>& out,
                  Activation activation) {
    out.resize(matrix.bias.size());
    for (std::size_t j = 0; j < out.size(); ++j) {
        out[j] = lane_dot(matrix.weight.data() + j * x.size(), x.data(), x.size());
    }
    bias_activation_rows(out.data(), matrix.bias.data(), 1, out.size(), activation);
}

}  // namespace

IntegerPass::IntegerPass(const IntegerWeights& weights, const Batch& batch, std::size_t first,
                         std::size_t last)
    : weights_(weights),
      batch_(batch),
      first_(first),
      last_(last),
      hidden_(weights.shape.hidden),
      tokens_(batch.start(last) - batch.start(first)),
      rows_(whole_units(tokens_)),
      x_(rows_ * hidden_),
      qkv_((rows_ + row_unit) * 3 * hidden_),
      context_(rows_ * hidden_),
      narrow_(rows_ * hidden_),
      wide_(rows_ * weights.shape.ffn),
      sums_(integer_row_block * column_chunk) {}

void IntegerPass::embed_row(std::size_t token, std::size_t position, float* out) const {
    const float* word = weights_.word.data() + static_cast<std::size_t>(batch_.ids[token]) * hidden_;
    const float* type = weights_.type.data() + static_cast<std::size_t>(batch_.types[token]) * hidden_;
    const float* place = weights_.position.data() + position * hidden_;
    for (std::size_t j = 0; j < hidden_; ++j) out[j] = word[j] + type[j] + place[j];
}

void IntegerPass::embed() {
    std::vector<float> values(hidden_);
    std::int8_t* out = x_.data();
    for (std::size_t i = first_; i < last_; ++i) {
        for (std::size_t t = 0; t < batch_.length(i); ++t, out += hidden_) {
            embed_row(batch_.start(i) + t, t, values.data());
            lane_layer_norm_rows(values.data(), 1, hidden_, weights_.gain.data(), weights_.shift.data(),
                                 weights_.shape.epsilon);
            quantize_codes(values.data(), hidden_, weights_.scale, weights_.limits.activation, out);
        }
    }
}

void IntegerPass::layer(const IntegerLayer& layer) {
    multiply(layer.query_key_value, x_.data(), hidden_, qkv_.data());
    for (std::size_t i = first_; i < last_; ++i) {
        attend(layer, batch_.start(i) - batch_.start(first_), batch_.length(i));
    }
    multiply(layer.output, context_.data(), hidden_, narrow_.data());
    normalise(layer.attention_norm);
    multiply(layer.up, x_.data(), hidden_, wide_.data());
    multiply(layer.down, wide_.data(), weights_.shape.ffn, narrow_.data());
    normalise(layer.norm);
}

// x = layer norm of x + narrow.
void IntegerPass::normalise(const std::variant<IntegerNorm, FloatNorm>& norm) {
    std::visit(
        [this](const auto& kind) {
            layer_norm_rows(x_.data(), narrow_.data(), rows_, kind, weights_.limits.activation, x_.data());
        },
        norm);
}

// All rows go through a chunk of columns before the next: its weights are read from memory once.
void IntegerPass::multiply(const IntegerMatrix& matrix, const std::int8_t* in, std::size_t width,
                           std::int8_t* out) {
    for (std::size_t chunk = 0; chunk * column_chunk < matrix.out; ++chunk) {
        for (std::size_t row = 0; row < rows_; row += integer_row_block) {
            const std::size_t rows = std::min(integer_row_block, rows_ - row);
            multiply_block(matrix, chunk, rows, in + row * width, out + row * matrix.out);
        }
    }
}

void IntegerPass::multiply_block(const IntegerMatrix& matrix, std::size_t chunk, std::size_t rows,
                                 const std::int8_t* in, std::int8_t* out) {
    const std::size_t first = chunk * column_chunk;
    const std::size_t columns = std::min(column_chunk, matrix.out - first);
    if (sums_.size() < rows * columns) sums_.resize(rows * columns);
    matrix.product->apply(in, rows, chunk, sums_.data());
    integer_kernels().requantize_rows(
        sums_.data(), rows, columns,
        {matrix.bias.data() + first, matrix.multiplier.data() + first, weights_.limits.activation},
        out + first, matrix.out);
    if (matrix.activation) look_up_rows(*matrix.activation, out + first, rows, columns, matrix.out);
}

void IntegerPass::attend(const IntegerLayer& layer, std::size_t row, std::size_t tokens) {
    const std::size_t heads = weights_.shape.heads;
    const std::size_t together = heads_at_once(heads, whole_units(tokens));
    for (std::size_t h = 0; h < heads; h += together) attend_heads(layer, row, tokens, h, together);
}

// Of `heads` heads from `head` on. A sentence is filled up to whole units by the rows behind it: their
// probabilities are zero, and what their queries see is not kept.
void IntegerPass::attend_heads(const IntegerLayer& layer, std::size_t row, std::size_t tokens,
                               std::size_t head, std::size_t heads) {
    const std::size_t padded = whole_units(tokens);
    const std::size_t head_width = weights_.shape.head_width();
    const std::size_t width = heads * head_width;
    const auto products = weights_.products->attention({padded, heads, head_width, 3 * hidden_});
    const std::size_t table = padded * padded;
    sums_.resize(std::max(sums_.size(), std::max(heads * table, padded * width)));
    probabilities_.resize(std::max(probabilities_.size(), heads * table));
    const std::int8_t* q = qkv_.data() + row * 3 * hidden_ + head * head_width;
    products->scores(q, q + hidden_, sums_.data());
    for (std::size_t h = 0; h < heads; ++h) {
        std::visit(
            [&](const auto& softmax) {
                softmax_rows(sums_.data() + h * table, tokens, tokens, padded, softmax,
                             probabilities_.data() + h * table);
            },
            layer.softmax);
    }
    products->context(probabilities_.data(), q + 2 * hidden_, sums_.data());
    integer_kernels().requantize_rows(
        sums_.data(), tokens, width,
        {layer.context_bias.data(), layer.context_multiplier.data(), weights_.limits.activation},
        context_.data() + row * hidden_ + head * head_width, hidden_);
}

void IntegerPass::exit(const IntegerLayer& layer, const IntegerExit& exit, float* logits,
                       std::size_t stride) const {
    std::vector<float> token(hidden_);
    std::vector<float> out;
    for (std::size_t i = first_; i < last_; ++i, logits += stride) {
        const std::int8_t* codes = x_.data() + (batch_.start(i) - batch_.start(first_)) * hidden_;
        for (std::size_t j = 0; j < hidden_; ++j) token[j] = static_cast<float>(codes[j]) * layer.step;
        if (exit.pooler) {
            float_linear(*exit.pooler, token, out, Activation::tanh);
            token = out;
        }
        float_linear(exit.classifier, token, out, Activation::none);
        std::ranges::copy(out, logits);
    }
}

}  // namespace siliconbert
