// The arrays of an integer network by their names: "layers.0.query.weight" and so on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "siliconbert/base/check.hpp"
#include "siliconbert/transformer/network.hpp"

namespace siliconbert {

class IntegerArrays {
 public:
    using Values = std::variant<std::span<const float>, std::span<const std::int8_t>,
                                std::span<const std::uint8_t>, std::span<const std::int32_t>>;

    void add(const std::string& name, Values values) { arrays_[name] = values; }
    bool has(const std::string& name) const { return arrays_.contains(name); }

    // The values of an array of this type and size; throws where it is missing or another.
    template <class T>
    std::span<const T> get(const std::string& name, std::size_t size) const {
        const auto found = arrays_.find(name);
        require(found != arrays_.end(), "IntegerEncoder: array ", name, " is missing");
        const auto* values = std::get_if<std::span<const T>>(&found->second);
        require(values != nullptr, "IntegerEncoder: array ", name, " has another type");
        require(values->size() == size, "IntegerEncoder: array ", name, " must have ", size, " values, got ",
                values->size());
        return *values;
    }

    template <class T>
    std::vector<T> copy(const std::string& name, std::size_t size) const {
        const auto values = get<T>(name, size);
        return {values.begin(), values.end()};
    }

    template <class T>
    T one(const std::string& name) const {
        return get<T>(name, 1)[0];
    }

 private:
    std::map<std::string, Values> arrays_;
};

}  // namespace siliconbert
