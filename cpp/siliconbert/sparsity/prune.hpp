// Which weights survive, from scores (magnitudes, say) and a density. A new pattern is one struct with an
// overload of `prune_by` and its line in the list below.
#pragma once

#include <cstddef>
#include <span>
#include <variant>

#include "siliconbert/base/words.hpp"

namespace siliconbert {

// Any weight may survive.
struct Unstructured {};

using Pattern = std::variant<Unstructured>;

// Keeps round(density * n) scores (a half goes up), at least one: the largest magnitudes, of equal ones the
// lower index. Scores are finite, row-major, rows * columns of them; 0 < density <= 1.
Mask prune(std::span<const float> scores, std::size_t rows, std::size_t columns, const Pattern& pattern,
           double density);

}  // namespace siliconbert
