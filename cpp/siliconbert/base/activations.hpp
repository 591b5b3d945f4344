// What happens to activations in flight: bits that flip anew in every sentence of a forward pass.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "siliconbert/base/words.hpp"

namespace siliconbert {

// The word that a value travels in: an activation format's code, or all of a float32 (the default).
struct ActivationWord {
    int width = 32;
    Fields fields = {
        {"sign", {31}},
        {"exponent", {30, 29, 28, 27, 26, 25, 24, 23}},
        {"mantissa", {22, 21, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0}}};
};

// One sentence at one named place of the network in one trial.
struct Passage {
    std::string_view place;  // dotted, "layer.3.ffn.output" say; layers count from 1
    std::uint64_t seed = 0;
    std::uint64_t trial = 0;
    std::uint32_t sentence = 0;  // its number in the data, whatever it is batched with
};

// One bit of one value; 0 is the lowest bit of the word.
struct Flip {
    std::uint64_t element;
    std::uint32_t bit;
    bool operator==(const Flip&) const = default;
};

// Disturbs values on their way. The flips are a function of the passage and of what is asked for, so they do
// not depend on batches or threads.
class DisturbActivations {
 public:
    virtual ~DisturbActivations() = default;
    // Whether anything can happen at this place.
    virtual bool at(std::string_view place) const = 0;
    // Flips among the `count` values (token after token, feature after feature) that pass, ascending by
    // element and then by bit, each at most once; `found` is overwritten.
    virtual void flips(const Passage& passage, const ActivationWord& word, std::size_t count,
                       std::vector<Flip>& found) const = 0;
};

}  // namespace siliconbert
