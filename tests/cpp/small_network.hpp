// A small network with random weights and sentences for it, shared by the tests of the engine.
#pragma once

#include <cmath>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "back_ends.hpp"
#include "siliconbert/transformer/encoder.hpp"

namespace siliconbert {

inline const NetworkShape small{50, 40, 2, 16, 32, 4, 48, 4, 2, 3, Activation::gelu_new, 1e-6F};

// Random tensors of a shape, and views of them.
struct Network {
    std::map<std::string, std::vector<float>> values;
    Tensors tensors;
    std::uint32_t seed = 100;

    explicit Network(const NetworkShape& shape) {
        add("embeddings.word", shape.vocabulary, shape.embedding);
        add("embeddings.position", shape.positions, shape.embedding);
        add("embeddings.type", shape.types, shape.embedding);
        add_norm("embeddings.norm", shape.embedding);
        add_linear("embeddings.projection", shape.hidden, shape.embedding);
        for (std::size_t g = 0; g < shape.groups; ++g) {
            const std::string prefix = "layers." + std::to_string(g) + ".";
            for (const char* name : {"query", "key", "value", "output"}) {
                add_linear(prefix + name, shape.hidden, shape.hidden);
            }
            add_linear(prefix + "up", shape.ffn, shape.hidden);
            add_linear(prefix + "down", shape.hidden, shape.ffn);
            add_norm(prefix + "attention_norm", shape.hidden);
            add_norm(prefix + "norm", shape.hidden);
        }
        for (std::size_t l = 1; l <= shape.layers; ++l) {
            const std::string prefix = l == shape.layers ? "main." : "ramps." + std::to_string(l) + ".";
            add_linear(prefix + "pooler", shape.hidden, shape.hidden);
            add_linear(prefix + "classifier", shape.classes, shape.hidden);
        }
    }

    void add(const std::string& name, std::size_t rows, std::size_t columns = 1) {
        values[name] = random_values(rows * columns, ++seed);
        tensors.add(name, {values[name], rows, columns});
    }
    void add_linear(const std::string& name, std::size_t rows, std::size_t columns) {
        add(name + ".weight", rows, columns);
        add(name + ".bias", rows);
    }
    void add_norm(const std::string& name, std::size_t width) {
        add(name + ".weight", width);
        add(name + ".bias", width);
    }

    // Every matrix and the word table in AdaptivFloat<8,4>, in place.
    void quantize() {
        for (auto& [name, tensor] : values) {
            if (name != "embeddings.word" && !is_matrix(name, tensors.at(name))) continue;
            AdaptivFloatQuantizer(fit_exponent({8, 4, AdaptivFloatVariant::algorithm1, 0}, -1))
                .quantize_in_place(tensor.data(), tensor.size());
        }
    }
};

struct Sentences {
    std::vector<std::int32_t> ids;
    std::vector<std::int32_t> types;
    std::vector<std::int64_t> offsets{0};

    void add(std::size_t length, std::uint32_t seed) {
        for (std::size_t t = 0; t < length; ++t) {
            const PhiloxCounter words = philox({static_cast<std::uint32_t>(t), 0, 0, 0}, {seed, 1});
            ids.push_back(static_cast<std::int32_t>(words[0] % 50));
            types.push_back(static_cast<std::int32_t>(words[1] % 2));
        }
        offsets.push_back(static_cast<std::int64_t>(ids.size()));
    }
    Batch batch() const { return {ids, types, offsets}; }
};

inline std::vector<float> trace(const Encoder& encoder, const Batch& batch, int threads) {
    std::vector<float> logits(batch.sentences() * encoder.exits().size() * encoder.shape().classes);
    encoder.trace(batch, 0, batch.sentences(), threads, logits);
    return logits;
}

inline ActivationFormats formats_for(const std::vector<float>& largest) {
    ActivationFormats formats;
    for (const float most : largest) {
        formats.emplace_back(fit_exponent({8, 4, AdaptivFloatVariant::algorithm1, 0}, std::ilogb(most)));
    }
    return formats;
}

}  // namespace siliconbert
