// An integer network's weights, packed for one back end; shared, read-only, by every pass over sentences.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "siliconbert/transformer/integer/arrays.hpp"
#include "siliconbert/transformer/integer/float_steps.hpp"
#include "siliconbert/transformer/integer/kernels.hpp"
#include "siliconbert/transformer/integer/products.hpp"
#include "siliconbert/transformer/network.hpp"

namespace siliconbert {

struct IntegerMatrix {
    std::unique_ptr<IntegerLinear> product;
    std::size_t out = 0;
    std::vector<std::int32_t> bias;
    std::vector<std::int32_t> multiplier;
    std::optional<CodeTable> activation{};  // of the requantized output
};

struct IntegerLayer {
    IntegerMatrix query_key_value;
    IntegerMatrix output;
    IntegerMatrix up;
    IntegerMatrix down;
    std::variant<IntegerSoftmax, FloatSoftmax> softmax;
    std::vector<std::int32_t> context_bias;  // zeros
    std::vector<std::int32_t> context_multiplier;
    std::variant<IntegerNorm, FloatNorm> attention_norm;
    std::variant<IntegerNorm, FloatNorm> norm;
    float step = 0;  // of the layer's output
};

// A float matrix (out x in) with its bias.
struct FloatMatrix {
    std::vector<float> weight;
    std::vector<float> bias;
};

// On token 0 after a layer; a linear ramp has no pooler.
struct IntegerExit {
    std::size_t layer = 0;
    std::optional<FloatMatrix> pooler;
    FloatMatrix classifier;
};

struct IntegerLimits {
    int activation = 127;   // the largest code of an activation
    int probability = 255;  // the code of probability 1
};

struct IntegerWeights {
    // Throws where an array is missing or has another size.
    IntegerWeights(std::shared_ptr<const IntegerProducts> back_end, const NetworkShape& network,
                   const IntegerLimits& codes, const IntegerArrays& arrays);

    std::shared_ptr<const IntegerProducts> products;
    NetworkShape shape;
    IntegerLimits limits;
    std::vector<float> word;
    std::vector<float> position;
    std::vector<float> type;
    std::vector<float> gain;
    std::vector<float> shift;
    float scale;  // of the embeddings' output
    std::vector<IntegerLayer> layers;
    std::vector<IntegerExit> exits;
};

}  // namespace siliconbert
