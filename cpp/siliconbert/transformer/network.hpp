// What a network is made of: its shape, its named tensors, and the named places where activations enter a
// product.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "siliconbert/transformer/products.hpp"

namespace siliconbert {

struct NetworkShape {
    std::size_t vocabulary = 0;
    std::size_t positions = 0;
    std::size_t types = 0;
    std::size_t embedding = 0;
    std::size_t hidden = 0;
    std::size_t heads = 0;
    std::size_t ffn = 0;
    std::size_t layers = 0;
    std::size_t groups = 0;   // sets of weights; layer l (1-based) uses set (l - 1) * groups / layers
    std::size_t classes = 0;  // 0: no classifier
    Activation activation = Activation::gelu;
    float epsilon = 1e-12F;    // of layer norm
    bool fixed_point = false;  // a layer's softmax and norms in 16 bits: fixed_point.hpp
    bool causal = false;       // a token sees those up to itself only

    std::size_t group(std::size_t layer) const { return (layer - 1) * groups / layers; }
    std::size_t head_width() const { return hidden / heads; }
};

// Throws std::invalid_argument where sizes are zero or do not divide.
void check_shape(const NetworkShape& shape);

Activation activation_by_name(const std::string& name);

struct TensorView {
    std::span<const float> values;
    std::size_t rows = 0;
    std::size_t columns = 1;
    std::shared_ptr<const void> kept{};  // what holds the values; empty where the caller does

    operator std::span<const float>() const { return values; }
};

// Tensors by their canonical names: "layers.0.query.weight" and so on. Those of a large model are read when
// they are asked for, each time anew, so that not all of them need be in memory at once.
class Tensors {
 public:
    using Read = std::function<TensorView()>;

    void add(const std::string& name, TensorView tensor);
    void add(const std::string& name, Read read) { tensors_[name] = std::move(read); }
    bool has(const std::string& name) const { return tensors_.contains(name); }
    std::vector<std::string> names() const;
    TensorView at(const std::string& name) const { return tensors_.at(name)(); }
    // The values of a tensor of this size; throws where it is missing or has another size.
    TensorView get(const std::string& name, std::size_t rows, std::size_t columns = 1) const;

 private:
    std::map<std::string, Read> tensors_;
};

// Whether this is a matrix of a product: its name ends in ".weight" and it has more than one column.
bool is_matrix(const std::string& name, const TensorView& tensor);

// The places where activations enter a product, numbered; all exits count, the main classifier is the last.
class Places {
 public:
    explicit Places(const NetworkShape& shape) : layers_(shape.layers) {}
    enum InLayer : std::size_t { input, query, key, value, probabilities, context, attended, activated };
    static constexpr std::size_t embeddings = 0;
    static constexpr std::size_t per_layer = 8;

    std::size_t layer(std::size_t layer, InLayer place) const { return 1 + (layer - 1) * per_layer + place; }
    std::size_t token(std::size_t exit) const { return 1 + layers_ * per_layer + (exit - 1) * 2; }
    std::size_t pooled(std::size_t exit) const { return token(exit) + 1; }
    std::size_t count() const { return 1 + layers_ * (per_layer + 2); }
    std::vector<std::string> names() const;

 private:
    std::size_t layers_;
};

// Sentences one after another without padding: sentence i has tokens offsets[i] .. offsets[i + 1] - 1.
struct Batch {
    std::span<const std::int32_t> ids;
    std::span<const std::int32_t> types;
    std::span<const std::int64_t> offsets;

    std::size_t sentences() const { return offsets.size() - 1; }
    std::size_t start(std::size_t sentence) const { return static_cast<std::size_t>(offsets[sentence]); }
    std::size_t length(std::size_t sentence) const { return start(sentence + 1) - start(sentence); }
};

// Throws where an id, type or length is outside the network's tables, or a sentence is empty.
void check_batch(const Batch& batch, const NetworkShape& shape);

}  // namespace siliconbert
