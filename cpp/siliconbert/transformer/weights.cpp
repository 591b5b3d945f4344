#include "siliconbert/transformer/weights.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>

#include "siliconbert/base/check.hpp"

namespace siliconbert {

namespace {

std::vector<float> copy(std::span<const float> values) { return {values.begin(), values.end()}; }

void append(std::vector<float>& to, std::span<const float> values) {
    to.insert(to.end(), values.begin(), values.end());
}

std::vector<LayerHeads> heads_of(const NetworkShape& shape, const std::optional<Spans>& spans) {
    check_shape(shape);
    if (spans) check_spans(*spans, shape);
    require(!shape.causal || (!spans && !shape.fixed_point),
            "Encoder: a causal network must have neither attention spans nor 16-bit special functions");
    std::vector<LayerHeads> heads;
    for (std::size_t g = 0; g < shape.groups; ++g) heads.emplace_back(shape, spans, g);
    return heads;
}

// Packs for the back end what holds tensor `changed`, or everything where that is empty.
class Packer {
 public:
    Packer(Weights& weights, const Tensors& tensors, std::string changed)
        : weights_(weights), shape_(weights.shape), tensors_(tensors), changed_(std::move(changed)) {}

    void pack() const {
        embeddings(weights_.embeddings);
        weights_.groups.resize(shape_.groups);
        for (std::size_t g = 0; g < shape_.groups; ++g) {
            layer(weights_.groups[g], weights_.heads[g], say("layers.", g, "."));
        }
        exits();
        if (tensors_.has("decoder.weight")) {
            linear(weights_.decoder, "decoder", shape_.vocabulary, shape_.hidden);
        }
    }

 private:
    // Whether `name` or a tensor below it ("layers.0.up" and ".weight") is to be packed.
    bool wanted(const std::string& name) const {
        return changed_.empty() || changed_ == name || changed_.starts_with(name + ".");
    }

    void table(std::vector<float>& slot, const std::string& name, std::size_t rows) const {
        if (wanted(name)) slot = copy(tensors_.get(name, rows, shape_.embedding));
    }

    void norm(Norm& slot, const std::string& name, std::size_t width) const {
        if (!wanted(name)) return;
        slot = {copy(tensors_.get(name + ".weight", width)), copy(tensors_.get(name + ".bias", width))};
    }

    void linear(std::shared_ptr<const Linear>& slot, const std::string& name, std::size_t out, std::size_t in,
                Activation activation = Activation::none) const {
        if (!wanted(name)) return;
        slot = weights_.products->linear({tensors_.get(name + ".weight", out, in),
                                          tensors_.get(name + ".bias", out), in, out, activation,
                                          weights_.number});
    }

    void embeddings(EmbeddingWeights& slot) const {
        table(slot.position, "embeddings.position", shape_.positions);
        table(slot.type, "embeddings.type", shape_.types);
        norm(slot.norm, "embeddings.norm", shape_.embedding);
        if (tensors_.has("embeddings.projection.weight")) {
            linear(slot.projection, "embeddings.projection", shape_.hidden, shape_.embedding);
        } else {
            require(shape_.embedding == shape_.hidden,
                    "Encoder: tensor embeddings.projection.weight is missing");
        }
    }

    void layer(LayerWeights& slot, const LayerHeads& heads, const std::string& prefix) const {
        const std::size_t hidden = shape_.hidden;
        query_key_value(slot.query_key_value, heads, prefix);
        output(slot.output, heads, prefix + "output");
        linear(slot.up, prefix + "up", shape_.ffn, hidden, shape_.activation);
        linear(slot.down, prefix + "down", hidden, shape_.ffn);
        norm(slot.attention_norm, prefix + "attention_norm", hidden);
        norm(slot.norm, prefix + "norm", hidden);
    }

    void query_key_value(std::shared_ptr<const Linear>& slot, const LayerHeads& heads,
                         const std::string& prefix) const {
        if (!wanted(prefix + "query") && !wanted(prefix + "key") && !wanted(prefix + "value")) return;
        const std::size_t hidden = shape_.hidden;
        std::vector<float> weight;
        std::vector<float> bias;
        for (const char* name : {"query", "key", "value"}) {
            const auto w = tensors_.get(prefix + name + ".weight", hidden, hidden);
            const auto b = tensors_.get(prefix + name + ".bias", hidden);
            for (const std::size_t head : heads.on) {
                append(weight, w.values.subspan(head * heads.head_width * hidden, heads.head_width * hidden));
                append(bias, b.values.subspan(head * heads.head_width, heads.head_width));
            }
        }
        if (heads.on.empty()) return;
        slot = weights_.products->linear(
            {weight, bias, hidden, 3 * heads.width(), Activation::none, weights_.number});
    }

    // A product needs a column: the first head's where all are off, whose context is zero.
    void output(std::shared_ptr<const Linear>& slot, const LayerHeads& heads, const std::string& name) const {
        if (!wanted(name)) return;
        const std::size_t hidden = shape_.hidden;
        const auto all = tensors_.get(name + ".weight", hidden, hidden);
        const std::vector<std::size_t> kept = heads.on.empty() ? std::vector<std::size_t>{0} : heads.on;
        std::vector<float> weight;
        for (std::size_t row = 0; row < hidden; ++row) {
            for (const std::size_t head : kept) {
                append(weight, all.values.subspan(row * hidden + head * heads.head_width, heads.head_width));
            }
        }
        slot = weights_.products->linear({weight, tensors_.get(name + ".bias", hidden),
                                          kept.size() * heads.head_width, hidden, Activation::none,
                                          weights_.number});
    }

    void exits() const {
        if (shape_.classes == 0) return;
        const std::size_t first = tensors_.has("ramps.1.classifier.weight") ? 1 : shape_.layers;
        weights_.exits.resize(shape_.layers + 1 - first);
        for (std::size_t l = first; l <= shape_.layers; ++l) {
            const std::string prefix = l == shape_.layers ? std::string("main.") : say("ramps.", l, ".");
            ExitWeights& slot = weights_.exits[l - first];
            slot.layer = l;
            if (l == shape_.layers || tensors_.has(prefix + "pooler.weight")) {
                linear(slot.pooler, prefix + "pooler", shape_.hidden, shape_.hidden, Activation::tanh);
            }
            linear(slot.classifier, prefix + "classifier", shape_.classes, shape_.hidden);
        }
    }

    Weights& weights_;
    const NetworkShape& shape_;
    const Tensors& tensors_;
    std::string changed_;
};

bool is_bf16(float value) { return (std::bit_cast<std::uint32_t>(value) & 0xFFFF) == 0; }

bool is_wide(const std::string& name, const TensorView& tensor) {
    return is_matrix(name, tensor) && !std::all_of(tensor.values.begin(), tensor.values.end(), is_bf16);
}

// Throws where any tensor holds a value that is not finite; both are looked for in one reading of all.
std::set<std::string> wide_matrices(const Tensors& tensors) {
    std::set<std::string> wide;
    for (const std::string& name : tensors.names()) {
        const TensorView tensor = tensors.at(name);
        require_finite(tensor, "Encoder", name.c_str());
        if (is_wide(name, tensor)) wide.insert(name);
    }
    return wide;
}

// bf16 holds 8 significant bits: where weights and activations have no more, its products are exact and so is
// this choice, it only changes the order of the fp32 sums.
Number choose_number(const Weights& weights) {
    if (!weights.formats || !weights.products->fast_bf16() || !weights.wide.empty()) return Number::fp32;
    const auto fits = [](const AdaptivFloatQuantizer& format) { return format.exact_in_bf16(); };
    const bool exact = std::all_of(weights.formats->begin(), weights.formats->end(), fits);
    return exact ? Number::bf16 : Number::fp32;
}

}  // namespace

Weights::Weights(std::shared_ptr<const Products> back_end, const NetworkShape& network,
                 const Tensors& tensors, std::optional<ActivationFormats> activations,
                 const std::optional<Spans>& spans)
    : products(std::move(back_end)),
      shape(network),
      formats(std::move(activations)),
      wide(wide_matrices(tensors)),
      number(choose_number(*this)),
      heads(heads_of(shape, spans)) {
    if (formats) {
        require(formats->size() == Places(shape).count(), "Encoder: activations must have ",
                Places(shape).count(), " places, got ", formats->size());
        require(!tensors.has("decoder.weight"), "Encoder: a language model must run in fp32");
    }
    Packer(*this, tensors, "").pack();
}

Weights Weights::with(const Tensors& tensors, const std::string& name) const {
    Weights changed = *this;
    changed.wide.erase(name);
    if (is_wide(name, tensors.at(name))) changed.wide.insert(name);
    changed.number = choose_number(changed);
    Packer(changed, tensors, changed.number == number ? name : "").pack();
    return changed;
}

}  // namespace siliconbert
