// Policies that raise one operator's parallelism at a time. The first three are readings of a paper's prose.
#pragma once

#include "siliconbert/schedule/problem.hpp"

namespace siliconbert {

enum class Greedy {
    kStop,      // the slowest operator; end at the first step that does not fit
    kFreeze,    // the slowest operator; one whose step does not fit is left as it is, the others go on
    kStage,     // the slowest stage's slowest operator; else as kFreeze
    kMarginal,  // the step with the largest gain in the objective for its share of the scarcest resource
};

// From `start`, which fits, by steps to the next level: there the first choice that fits. "Slowest" is the
// longest single invocation; ties go to the first.
Schedule greedy(const Problem& problem, Greedy policy, Objective objective, Plan start);

}  // namespace siliconbert
