// The scheduler: one entry for all policies.
#pragma once

#include "siliconbert/schedule/exact.hpp"
#include "siliconbert/schedule/greedy.hpp"

namespace siliconbert {

enum class Policy { kGreedyStop, kGreedyFreeze, kGreedyStage, kMarginal, kExact };

// Greedy policies start from the best plan of level 0, and their bound is the one that `effort` proves.
Schedule solve(const Problem& problem, Policy policy, Objective objective, const Effort& effort);

}  // namespace siliconbert
