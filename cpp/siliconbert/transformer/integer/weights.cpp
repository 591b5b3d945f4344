#include "siliconbert/transformer/integer/weights.hpp"

#include <algorithm>

namespace siliconbert {

namespace {

const NetworkShape& checked(const NetworkShape& shape) {
    check_shape(shape);
    require(shape.groups == shape.layers && shape.embedding == shape.hidden,
            "IntegerEncoder: the network must be a bert");
    return shape;
}

class Packer {
 public:
    Packer(const IntegerWeights& weights, const IntegerArrays& arrays)
        : weights_(weights), shape_(weights.shape), arrays_(arrays) {}

    IntegerLayer layer(std::size_t number) const {
        const std::string name = say("layers.", number, ".");
        const std::size_t hidden = shape_.hidden;
        IntegerLayer layer;
        layer.query_key_value = matrix(name, {"query", "key", "value"}, hidden, hidden);
        layer.output = matrix(name, {"output"}, hidden, hidden);
        layer.up = matrix(name, {"up"}, shape_.ffn, hidden);
        layer.up.activation.emplace();
        std::ranges::copy(arrays_.get<std::int8_t>(name + "activation", 256), layer.up.activation->begin());
        layer.down = matrix(name, {"down"}, hidden, shape_.ffn);
        layer.softmax = softmax(name);
        layer.context_bias.assign(hidden, 0);
        layer.context_multiplier.assign(hidden, arrays_.one<std::int32_t>(name + "context.multiplier"));
        layer.attention_norm = norm(name + "attention_norm.");
        layer.norm = norm(name + "norm.");
        layer.step = arrays_.one<float>(name + "step");
        return layer;
    }

    std::vector<IntegerExit> exits() const {
        std::vector<IntegerExit> exits;
        if (shape_.classes == 0) return exits;
        for (std::size_t l = 1; l <= shape_.layers; ++l) {
            const std::string name = l == shape_.layers ? "main." : say("ramps.", l, ".");
            if (l < shape_.layers && !arrays_.has(name + "classifier.weight")) continue;
            IntegerExit exit{l, std::nullopt, head(name + "classifier.", shape_.classes)};
            if (l == shape_.layers || arrays_.has(name + "pooler.weight")) {
                exit.pooler = head(name + "pooler.", shape_.hidden);
            }
            exits.push_back(std::move(exit));
        }
        return exits;
    }

 private:
    // Some matrices of one input, one under the other.
    IntegerMatrix matrix(const std::string& prefix, const std::vector<std::string>& names, std::size_t out,
                         std::size_t in) const {
        std::vector<std::int8_t> weight;
        IntegerMatrix matrix;
        for (const std::string& name : names) {
            append(weight, arrays_.get<std::int8_t>(prefix + name + ".weight", out * in));
            append(matrix.bias, arrays_.get<std::int32_t>(prefix + name + ".bias", out));
            append(matrix.multiplier, arrays_.get<std::int32_t>(prefix + name + ".multiplier", out));
        }
        matrix.out = out * names.size();
        matrix.product = weights_.products->linear(weight, in, matrix.out);
        return matrix;
    }

    template <class T>
    static void append(std::vector<T>& to, std::span<const T> values) {
        to.insert(to.end(), values.begin(), values.end());
    }

    std::variant<IntegerSoftmax, FloatSoftmax> softmax(const std::string& name) const {
        const int largest = weights_.limits.probability;
        if (arrays_.has(name + "scores.step")) {
            return FloatSoftmax{arrays_.one<float>(name + "scores.step"), largest};
        }
        IntegerSoftmax softmax{
            arrays_.one<std::int32_t>(name + "scores.multiplier"), {}, weights_.limits.activation, largest};
        std::ranges::copy(arrays_.get<std::uint8_t>(name + "exponentials", 256),
                          softmax.exponentials.begin());
        // So that no row's sum is 0.
        require(softmax.exponentials[0] != 0, "IntegerEncoder: array ", name,
                "exponentials must not start with 0");
        return softmax;
    }

    std::variant<IntegerNorm, FloatNorm> norm(const std::string& name) const {
        const std::size_t width = shape_.hidden;
        if (arrays_.has(name + "steps")) {
            const auto steps = arrays_.get<float>(name + "steps", 2);
            return FloatNorm{steps[0],
                             steps[1],
                             arrays_.copy<float>(name + "gain", width),
                             arrays_.copy<float>(name + "shift", width),
                             arrays_.one<float>(name + "scale"),
                             shape_.epsilon};
        }
        const auto factors = arrays_.get<std::int32_t>(name + "factors", 2);
        const auto gain = arrays_.get<std::int8_t>(name + "gain", width);
        return IntegerNorm{factors[0],
                           factors[1],
                           {gain.begin(), gain.end()},
                           arrays_.copy<std::int32_t>(name + "shift", width),
                           arrays_.one<std::int32_t>(name + "multiplier")};
    }

    FloatMatrix head(const std::string& name, std::size_t out) const {
        return {arrays_.copy<float>(name + "weight", out * shape_.hidden),
                arrays_.copy<float>(name + "bias", out)};
    }

    const IntegerWeights& weights_;
    const NetworkShape& shape_;
    const IntegerArrays& arrays_;
};

}  // namespace

IntegerWeights::IntegerWeights(std::shared_ptr<const IntegerProducts> back_end, const NetworkShape& network,
                               const IntegerLimits& codes, const IntegerArrays& arrays)
    : products(std::move(back_end)),
      shape(checked(network)),
      limits(codes),
      word(arrays.copy<float>("embeddings.word", shape.vocabulary * shape.hidden)),
      position(arrays.copy<float>("embeddings.position", shape.positions * shape.hidden)),
      type(arrays.copy<float>("embeddings.type", shape.types * shape.hidden)),
      gain(arrays.copy<float>("embeddings.norm.weight", shape.hidden)),
      shift(arrays.copy<float>("embeddings.norm.bias", shape.hidden)),
      scale(arrays.one<float>("embeddings.scale")) {
    const Packer packer(*this, arrays);
    for (std::size_t l = 0; l < shape.layers; ++l) layers.push_back(packer.layer(l));
    exits = packer.exits();
}

}  // namespace siliconbert
