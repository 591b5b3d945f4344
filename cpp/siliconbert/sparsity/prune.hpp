// Which weights survive, from scores (magnitudes, say), a pattern and a density.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "siliconbert/base/words.hpp"
#include "siliconbert/sparsity/pattern.hpp"

namespace siliconbert {

// Of every group the blocks with the largest L2 norm survive, of equal ones the first in row-major order.
// Scores are finite, row-major, rows * columns of them; 0 < density <= 1, left out for N:M.
Mask prune(std::span<const float> scores, std::size_t rows, std::size_t columns, const Pattern& pattern,
           std::optional<double> density);

// Throws where a mask breaks its pattern, naming the place: a block kept in part, more than N of M, or groups
// that keep different numbers of blocks (one cut off at the edge may keep fewer, then all of it).
void check_mask(const Mask& mask, const Pattern& pattern);

}  // namespace siliconbert
