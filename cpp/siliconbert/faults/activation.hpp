// Transient faults: bits of activations that flip anew in every forward pass.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "siliconbert/base/activations.hpp"

namespace siliconbert {

// Every bit of the values that pass the places flips on its own with probability `rate`.
class ActivationFlip final : public DisturbActivations {
 public:
    // places: dotted names, a name takes its parts too, "*" any one part; empty: every place. fields: "sign",
    // "exponent", "mantissa"; empty: every bit.
    ActivationFlip(double rate, std::vector<std::string> places, std::vector<std::string> fields);

    bool at(std::string_view place) const override;
    void flips(const Passage& passage, const ActivationWord& word, std::size_t count,
               std::vector<Flip>& found) const override;

 private:
    double rate_;
    std::vector<std::string> places_;
    std::vector<std::string> fields_;
};

// Several of them, drawn independently; two flips of one bit cancel.
class MixedActivations final : public DisturbActivations {
 public:
    using Part = std::shared_ptr<const DisturbActivations>;

    explicit MixedActivations(std::vector<Part> parts) : parts_(std::move(parts)) {}

    bool at(std::string_view place) const override;
    void flips(const Passage& passage, const ActivationWord& word, std::size_t count,
               std::vector<Flip>& found) const override;

 private:
    std::vector<Part> parts_;
};

}  // namespace siliconbert
