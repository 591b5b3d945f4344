// A memory cell's levels as they are sensed, and how likely each one is read as another.
#pragma once

#include <cstddef>
#include <vector>

namespace siliconbert {

// Normal statistics of the levels, ascending means.
struct Cell {
    std::vector<double> means;
    std::vector<double> sigmas;
    std::size_t levels() const { return means.size(); }
};

// P(read | stored), levels x levels, row-major.
struct Transitions {
    std::size_t levels = 0;
    std::vector<double> probability;
    double at(std::size_t stored, std::size_t read) const { return probability[stored * levels + read]; }
};

// Where the densities of neighbouring levels cross between their means: levels - 1 read thresholds.
std::vector<double> thresholds(const Cell& cell);

// Exact normal tails between the thresholds `at`; rows sum to 1. adjacent_only: all that is beyond a
// threshold is read as the neighbouring level, as nvmFI has it.
Transitions transitions(const Cell& cell, const std::vector<double>& at, bool adjacent_only);

// Between the cell's own thresholds, for all level pairs.
Transitions transitions(const Cell& cell);

}  // namespace siliconbert
