// The slowest of many stages, each with operators of its own: which time can all of them keep?
//
// Every stage's plans are found by themselves: those that no other beats in time and amounts. For a given
// time each stage then needs one of its plans that keeps it, and all of these must fit the budget together.
// That is a small problem of its own, and halving the range of times brings the slowest stage down and its
// bound up.
#pragma once

#include "siliconbert/schedule/exact.hpp"

namespace siliconbert {

// Whether no operator is in two of the sums.
bool separate(const Sums& sums);

// The best plan and bound that it finds between `lower`, below which there is nothing, and `known`, which
// fits. Ties in the objective are not settled.
Schedule slowest_stage(const Problem& problem, const Sums& sums, double tolerance, double lower,
                       const Plan& known);

}  // namespace siliconbert
