// An integer network as users see it: sentences in, the logits of every exit out, the same bits on any back
// end and at any thread count.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "siliconbert/transformer/integer/weights.hpp"
#include "siliconbert/transformer/network.hpp"

namespace siliconbert {

class IntegerEncoder {
 public:
    IntegerEncoder(std::shared_ptr<const IntegerProducts> products, const NetworkShape& shape,
                   const IntegerLimits& limits, const IntegerArrays& arrays);

    const NetworkShape& shape() const { return weights_->shape; }
    std::vector<std::size_t> exits() const;
    std::string path() const { return "integer " + weights_->products->name(); }

    // logits: sentences x exits x classes, of sentences first .. last - 1 of a checked batch.
    void trace(const Batch& batch, std::size_t first, std::size_t last, int threads,
               std::span<float> logits) const;
    // codes: tokens x hidden after the last layer.
    void hidden(const Batch& batch, int threads, std::span<std::int8_t> codes) const;

 private:
    std::shared_ptr<const IntegerWeights> weights_;
};

}  // namespace siliconbert
