// In which order operators are decided.
#pragma once

#include <cstddef>
#include <vector>

#include "siliconbert/schedule/problem.hpp"

namespace siliconbert {

// Stage by stage, so that few sums go on; what can take most of a limited resource comes first, so that what
// does not fit is seen early.
std::vector<std::size_t> best_order(const Problem& problem, Objective objective);
Problem reordered(const Problem& problem, const std::vector<std::size_t>& order);

}  // namespace siliconbert
