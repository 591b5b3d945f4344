// How sure a classifier is: the entropy of its softmax, in nats, and its doubt, 1 less the largest
// probability.
#pragma once

#include <span>
#include <vector>

namespace siliconbert {

// Natural-log entropy of softmax(logits), at least one logit; NaN where one is not finite, and of one alone.
float entropy(std::span<const float> logits);

// 1 less the largest probability of softmax(logits); NaN where entropy has it.
float doubt(std::span<const float> logits);

// Of consecutive groups of `classes` logits.
std::vector<float> entropies(std::span<const float> logits, std::size_t classes);
std::vector<float> doubts(std::span<const float> logits, std::size_t classes);

}  // namespace siliconbert
