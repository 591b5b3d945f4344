#include "siliconbert/transformer/weights.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>

#include "siliconbert/base/check.hpp"

namespace siliconbert {

namespace {

std::vector<float> copy(std::span<const float> values) { return {values.begin(), values.end()}; }

// Reads tensors and packs them for the back end.
class Packer {
 public:
    Packer(const Products& products, const NetworkShape& shape, const Tensors& tensors, Number number)
        : products_(products), shape_(shape), tensors_(tensors), number_(number) {}

    std::unique_ptr<Linear> linear(const std::string& name, std::size_t out, std::size_t in,
                                   Activation activation = Activation::none) const {
        return products_.linear({tensors_.get(name + ".weight", out, in), tensors_.get(name + ".bias", out),
                                 in, out, activation, number_});
    }

    Norm norm(const std::string& name, std::size_t width) const {
        return {copy(tensors_.get(name + ".weight", width)), copy(tensors_.get(name + ".bias", width))};
    }

    EmbeddingWeights embeddings() const {
        EmbeddingWeights weights;
        weights.position = copy(tensors_.get("embeddings.position", shape_.positions, shape_.embedding));
        weights.type = copy(tensors_.get("embeddings.type", shape_.types, shape_.embedding));
        weights.norm = norm("embeddings.norm", shape_.embedding);
        if (tensors_.has("embeddings.projection.weight")) {
            weights.projection = linear("embeddings.projection", shape_.hidden, shape_.embedding);
        } else {
            require(shape_.embedding == shape_.hidden,
                    "Encoder: tensor embeddings.projection.weight is missing");
        }
        return weights;
    }

    LayerWeights layer(std::size_t group) const {
        const std::string prefix = say("layers.", group, ".");
        const std::size_t hidden = shape_.hidden;
        LayerWeights weights;
        weights.query_key_value = query_key_value(prefix);
        weights.output = linear(prefix + "output", hidden, hidden);
        weights.up = linear(prefix + "up", shape_.ffn, hidden, shape_.activation);
        weights.down = linear(prefix + "down", hidden, shape_.ffn);
        weights.attention_norm = norm(prefix + "attention_norm", hidden);
        weights.norm = norm(prefix + "norm", hidden);
        return weights;
    }

    std::vector<ExitWeights> exits() const {
        std::vector<ExitWeights> exits;
        if (shape_.classes == 0) return exits;
        const bool ramps = tensors_.has("ramps.1.pooler.weight");
        for (std::size_t l = ramps ? 1 : shape_.layers; l <= shape_.layers; ++l) {
            const std::string prefix = l == shape_.layers ? std::string("main.") : say("ramps.", l, ".");
            exits.push_back({l, linear(prefix + "pooler", shape_.hidden, shape_.hidden, Activation::tanh),
                             linear(prefix + "classifier", shape_.classes, shape_.hidden)});
        }
        return exits;
    }

 private:
    std::unique_ptr<Linear> query_key_value(const std::string& prefix) const {
        const std::size_t hidden = shape_.hidden;
        std::vector<float> weight;
        std::vector<float> bias;
        for (const char* name : {"query", "key", "value"}) {
            const auto w = tensors_.get(prefix + name + ".weight", hidden, hidden);
            const auto b = tensors_.get(prefix + name + ".bias", hidden);
            weight.insert(weight.end(), w.begin(), w.end());
            bias.insert(bias.end(), b.begin(), b.end());
        }
        return products_.linear({weight, bias, hidden, 3 * hidden, Activation::none, number_});
    }

    const Products& products_;
    const NetworkShape& shape_;
    const Tensors& tensors_;
    Number number_;
};

bool is_bf16(float value) { return (std::bit_cast<std::uint32_t>(value) & 0xFFFF) == 0; }

bool all_bf16(const Tensors& tensors) {
    for (const auto& [name, tensor] : tensors.matrices()) {
        if (!std::all_of(tensor.values.begin(), tensor.values.end(), is_bf16)) return false;
    }
    return true;
}

// bf16 holds 8 significant bits: where weights and activations have no more, its products are exact and so is
// this choice, it only changes the order of the fp32 sums.
Number choose_number(const Products& products, const std::optional<ActivationFormats>& formats,
                     const Tensors& tensors) {
    if (!formats || !products.fast_bf16()) return Number::fp32;
    const auto fits = [](const AdaptivFloatQuantizer& format) { return format.exact_in_bf16(); };
    const bool exact = std::all_of(formats->begin(), formats->end(), fits) && all_bf16(tensors);
    return exact ? Number::bf16 : Number::fp32;
}

}  // namespace

Weights::Weights(std::shared_ptr<const Products> back_end, const NetworkShape& network,
                 const Tensors& tensors, std::optional<ActivationFormats> activations)
    : products(std::move(back_end)),
      shape(network),
      formats(std::move(activations)),
      number(choose_number(*products, formats, tensors)) {
    check_shape(shape);
    if (formats) {
        require(formats->size() == Places(shape).count(), "Encoder: activations must have ",
                Places(shape).count(), " places, got ", formats->size());
    }
    const Packer packer(*products, shape, tensors, number);
    embeddings = packer.embeddings();
    for (std::size_t g = 0; g < shape.groups; ++g) groups.push_back(packer.layer(g));
    exits = packer.exits();
}

}  // namespace siliconbert
