// The best plan under a budget, or one with a proven gap: a Pareto dynamic programme with bounds.
//
// Operators are taken in turn. A state is a choice for each of those taken: its sums of times and its
// amounts. It is dropped if it cannot fit, if its bound (relaxation.hpp, with the least that the others can
// take) is above the best plan known, or if another state is nowhere larger. What is left at the end is the
// optimum. Where there are more than `width` states the most promising are kept, and the best bound among
// those dropped bounds the result: many independent operators get a plan and a proven gap in bounded work.
#pragma once

#include <cstddef>

#include "siliconbert/schedule/problem.hpp"

namespace siliconbert {

struct Effort {
    std::size_t width = 1 << 16;  // states kept at most after each operator
    double tolerance = 0;         // a gap, (objective - bound) / objective, that is good enough
};

// The least objective; among equal ones the least of the first resource, then the first in lexicographic
// order. `known`: a plan that fits, or empty. Passes of growing width, until the gap is proven or the width
// is reached.
Schedule exact(const Problem& problem, Objective objective, const Effort& effort, const Plan& known = {});

}  // namespace siliconbert
