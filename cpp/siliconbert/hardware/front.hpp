// The Pareto front.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace siliconbert {

// Which rows of count x columns numbers, row-major, no other row beats: at most as large in every column and
// smaller in one. Of equal rows all are kept.
std::vector<std::uint8_t> front(std::span<const double> numbers, std::size_t columns);

}  // namespace siliconbert
