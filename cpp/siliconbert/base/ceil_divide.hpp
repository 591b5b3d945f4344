#pragma once

#include <cstddef>

namespace siliconbert {

// How many parts of size b hold a.
constexpr std::size_t ceil_divide(std::size_t a, std::size_t b) { return (a + b - 1) / b; }

}  // namespace siliconbert
