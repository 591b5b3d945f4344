// Leaving once several classifiers in a row agree (patience), whatever their entropies.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace siliconbert {

// Exit layers (1..layers): the first layer whose answer is that of the `patience` layers before it, else the
// last. An answer below 0 is none and agrees with nothing.
// answers: sentences x layers, row-major.
std::vector<std::int32_t> by_patience(std::span<const std::int32_t> answers, std::size_t layers,
                                      int patience);

}  // namespace siliconbert
