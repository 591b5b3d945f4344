#include "siliconbert/transformer/network.hpp"

#include "siliconbert/base/check.hpp"

namespace siliconbert {

void check_shape(const NetworkShape& shape) {
    const std::map<const char*, std::size_t> sizes{{"vocabulary", shape.vocabulary},
                                                   {"positions", shape.positions},
                                                   {"types", shape.types},
                                                   {"embedding", shape.embedding},
                                                   {"hidden", shape.hidden},
                                                   {"heads", shape.heads},
                                                   {"ffn", shape.ffn},
                                                   {"layers", shape.layers},
                                                   {"groups", shape.groups}};
    for (const auto& [name, size] : sizes) require(size > 0, "Encoder: ", name, " must be positive, got 0");
    require(shape.hidden % shape.heads == 0, "Encoder: heads must divide hidden, got ", shape.heads, " and ",
            shape.hidden);
    require(shape.groups <= shape.layers, "Encoder: groups must be at most layers, got ", shape.groups,
            " and ", shape.layers);
    require(shape.epsilon > 0, "Encoder: epsilon must be positive, got ", shape.epsilon);
}

Activation activation_by_name(const std::string& name) {
    if (name == "gelu") return Activation::gelu;
    if (name == "gelu_new") return Activation::gelu_new;
    if (name == "relu") return Activation::relu;
    throw std::invalid_argument(
        say("Encoder: activation must be one of gelu, gelu_new, relu; got '", name, "'"));
}

void Tensors::add(const std::string& name, TensorView tensor) {
    tensors_[name] = [tensor = std::move(tensor)] { return tensor; };
}

std::vector<std::string> Tensors::names() const {
    std::vector<std::string> names;
    for (const auto& each : tensors_) names.push_back(each.first);
    return names;
}

TensorView Tensors::get(const std::string& name, std::size_t rows, std::size_t columns) const {
    const auto found = tensors_.find(name);
    require(found != tensors_.end(), "Encoder: tensor ", name, " is missing");
    TensorView tensor = found->second();
    require(tensor.rows == rows && tensor.columns == columns, "Encoder: tensor ", name, " must have shape (",
            rows, ", ", columns, "), got (", tensor.rows, ", ", tensor.columns, ")");
    return tensor;
}

bool is_matrix(const std::string& name, const TensorView& tensor) {
    return name.ends_with(".weight") && tensor.columns > 1;
}

std::vector<std::string> Places::names() const {
    std::vector<std::string> names{"embeddings"};
    for (std::size_t l = 1; l <= layers_; ++l) {
        for (const char* place :
             {"input", "query", "key", "value", "probabilities", "context", "attended", "activated"}) {
            names.push_back(say("layer.", l, ".", place));
        }
    }
    for (std::size_t l = 1; l <= layers_; ++l) {
        const std::string exit = l == layers_ ? "main" : say("ramp.", l);
        names.push_back(exit + ".token");
        names.push_back(exit + ".pooled");
    }
    return names;
}

void check_batch(const Batch& batch, const NetworkShape& shape) {
    require(!batch.offsets.empty() && batch.offsets.front() == 0, "trace: offsets must start with 0");
    require(batch.offsets.back() == static_cast<std::int64_t>(batch.ids.size()) &&
                batch.types.size() == batch.ids.size(),
            "trace: offsets must end with the number of ids and of types, got ", batch.offsets.back(), ", ",
            batch.ids.size(), " and ", batch.types.size());
    for (std::size_t i = 0; i < batch.sentences(); ++i) {
        const std::int64_t length = batch.offsets[i + 1] - batch.offsets[i];
        require(length > 0, "trace: sentence ", i, " is empty");
        require(length <= static_cast<std::int64_t>(shape.positions), "trace: sentence ", i,
                " must have at most ", shape.positions, " tokens, got ", length);
    }
    for (std::size_t t = 0; t < batch.ids.size(); ++t) {
        require(batch.ids[t] >= 0 && static_cast<std::size_t>(batch.ids[t]) < shape.vocabulary,
                "trace: ids must be in 0..", shape.vocabulary - 1, ", got ", batch.ids[t], " at position ",
                t);
        require(batch.types[t] >= 0 && static_cast<std::size_t>(batch.types[t]) < shape.types,
                "trace: types must be in 0..", shape.types - 1, ", got ", batch.types[t], " at position ", t);
    }
}

}  // namespace siliconbert
