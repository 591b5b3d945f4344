// A bound from below on every plan that fits: prices on resources and weights on stages.
//
// With prices p >= 0 and weights w >= 0 of sum 1, the sum over operators of min over choices of
// (w . time + p . amount), minus p . budget, is below the objective of every plan that fits (Lagrangian
// duality). The prices come from the linear program that lets an operator mix its choices; the bound holds
// for any prices, so nothing rests on that program's rounding.
#pragma once

#include <vector>

#include "siliconbert/schedule/problem.hpp"

namespace siliconbert {

struct Relaxation {
    std::vector<double> price;   // by resource, time for one more; 0 where unlimited
    std::vector<double> weight;  // by row of the sums

    double cost(const Problem& problem, const Sums& sums, std::size_t op, std::size_t choice) const;
    // Minus the price of the whole budget.
    double offset(const Problem& problem) const;
};

Relaxation relax(const Problem& problem, const Sums& sums);

}  // namespace siliconbert
