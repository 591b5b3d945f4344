// Activation faults of one trial, as passes apply them: which bits flip at which place of which sentence.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "siliconbert/base/activations.hpp"
#include "siliconbert/transformer/weights.hpp"

namespace siliconbert {

struct Flight {
    const DisturbActivations& fault;
    std::uint64_t seed = 0;
    std::uint64_t trial = 0;
    std::span<const std::uint32_t> numbers{};  // of the batch's sentences in the data; empty: 0, 1, 2, ...
};

// Operands as they lie in memory; one of the two is not null.
struct Operands {
    float* fp32;
    std::uint16_t* bf16;

    Operands from(std::size_t value) const {
        return {fp32 == nullptr ? nullptr : fp32 + value, bf16 == nullptr ? nullptr : bf16 + value};
    }
};

class InFlight {
 public:
    InFlight(const Flight& flight, const Weights& weights);

    // Whether anything can happen at this place of this network.
    bool at(std::size_t place) const { return active_[place]; }

    // What flips in a sentence of this many tokens (its position in the batch) at a place. Elements are drawn
    // among all values, those of heads that are off and of keys outside windows too; these are then left out,
    // and the others numbered as they lie: of rows the columns of heads that are on, of probabilities their
    // head among them.
    void flips(std::size_t place, std::size_t sentence, std::size_t tokens, std::vector<Flip>& found) const;
    // All that flips in a sentence of this many tokens.
    std::size_t flips(std::size_t sentence, std::size_t tokens) const;

    // Flips the bits of those flips that lie in rows first .. last - 1 of the sentence's rows of `width`
    // values; value 0 of row `first` stands at operands, the next row `stride` values on.
    void apply(std::size_t place, std::span<const Flip> flips, std::size_t first, std::size_t last,
               std::size_t width, std::size_t stride, Operands operands) const;

 private:
    void flip(std::size_t place, std::uint32_t bits, Operands operands, std::size_t at) const;
    std::size_t values(std::size_t place, std::size_t tokens) const;
    void leave_out_missing(std::size_t place, std::size_t tokens, std::vector<Flip>& found) const;

    const Flight& flight_;
    const Weights& weights_;
    std::vector<std::string> names_;
    std::vector<bool> active_;
    ActivationWord word_;
};

}  // namespace siliconbert
