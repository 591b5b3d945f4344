// A network's weights, packed for one back end; shared, read-only, by every pass over sentences.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "siliconbert/formats/adaptivfloat_quantizer.hpp"
#include "siliconbert/transformer/network.hpp"
#include "siliconbert/transformer/products.hpp"

namespace siliconbert {

struct Norm {
    std::vector<float> gain;
    std::vector<float> shift;
};

struct LayerWeights {
    std::unique_ptr<Linear> query_key_value;  // one product, 3 x hidden wide
    std::unique_ptr<Linear> output;
    std::unique_ptr<Linear> up;  // with the activation
    std::unique_ptr<Linear> down;
    Norm attention_norm;
    Norm norm;
};

// Pooler (with tanh) and classifier on token 0 after a layer.
struct ExitWeights {
    std::size_t layer = 0;
    std::unique_ptr<Linear> pooler;
    std::unique_ptr<Linear> classifier;
};

struct EmbeddingWeights {
    std::vector<float> position;  // position and type tables are small; the word table stands apart
    std::vector<float> type;
    Norm norm;
    std::unique_ptr<Linear> projection;  // empty where embedding and hidden are one
};

// The format of every place's activations; both sides of every product are then AdaptivFloat.
using ActivationFormats = std::vector<AdaptivFloatQuantizer>;

struct Weights {
    Weights(std::shared_ptr<const Products> back_end, const NetworkShape& network, const Tensors& tensors,
            std::optional<ActivationFormats> activations);

    std::shared_ptr<const Products> products;
    NetworkShape shape;
    std::optional<ActivationFormats> formats;
    Number number;  // what the sides of the products are held in
    EmbeddingWeights embeddings;
    std::vector<LayerWeights> groups;
    std::vector<ExitWeights> exits;
};

}  // namespace siliconbert
