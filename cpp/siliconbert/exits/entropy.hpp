// How sure a classifier is: the entropy of its softmax, in nats.
#pragma once

#include <span>
#include <vector>

namespace siliconbert {

// Natural-log entropy of softmax(logits), at least one logit; NaN where one is not finite, and of one alone.
float entropy(std::span<const float> logits);

// Entropies of consecutive groups of `classes` logits.
std::vector<float> entropies(std::span<const float> logits, std::size_t classes);

}  // namespace siliconbert
