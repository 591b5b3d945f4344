// A network's weights, packed for one back end; shared, read-only, by every pass over sentences.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "siliconbert/formats/adaptivfloat_quantizer.hpp"
#include "siliconbert/transformer/network.hpp"
#include "siliconbert/transformer/products.hpp"
#include "siliconbert/transformer/spans.hpp"

namespace siliconbert {

struct Norm {
    std::vector<float> gain;
    std::vector<float> shift;
};

// Without the rows and columns of heads that are off.
struct LayerWeights {
    std::shared_ptr<const Linear> query_key_value;  // one product; empty where all heads are off
    std::shared_ptr<const Linear> output;           // keeps the first head where all are off
    std::shared_ptr<const Linear> up;               // with the activation
    std::shared_ptr<const Linear> down;
    Norm attention_norm;
    Norm norm;
};

// Pooler (with tanh) and classifier on token 0 after a layer; a linear ramp has no pooler.
struct ExitWeights {
    std::size_t layer = 0;
    std::shared_ptr<const Linear> pooler;
    std::shared_ptr<const Linear> classifier;
};

struct EmbeddingWeights {
    std::vector<float> position;  // position and type tables are small; the word table stands apart
    std::vector<float> type;
    Norm norm;
    std::shared_ptr<const Linear> projection;  // empty where embedding and hidden are one
};

// The format of every place's activations; both sides of every product are then AdaptivFloat.
using ActivationFormats = std::vector<AdaptivFloatQuantizer>;

struct Weights {
    Weights(std::shared_ptr<const Products> back_end, const NetworkShape& network, const Tensors& tensors,
            std::optional<ActivationFormats> activations, const std::optional<Spans>& spans);

    // These weights after tensor `name` changed. What is packed together with it comes from `tensors` too;
    // all else is shared. Where the change decides which numbers the products take, everything is packed
    // anew.
    Weights with(const Tensors& tensors, const std::string& name) const;

    std::shared_ptr<const Products> products;
    NetworkShape shape;
    std::optional<ActivationFormats> formats;
    std::set<std::string> wide;     // matrices with a value that bf16 does not hold
    Number number;                  // what the sides of the products are held in
    std::vector<LayerHeads> heads;  // of every group
    EmbeddingWeights embeddings;
    std::vector<LayerWeights> groups;
    std::vector<ExitWeights> exits;
    std::shared_ptr<const Linear> decoder;  // of a language model, onto the vocabulary; empty in others
};

}  // namespace siliconbert
