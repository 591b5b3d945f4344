// The exact threshold for an accuracy drop, from one trace and over all distinct thresholds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "siliconbert/exits/rules.hpp"

namespace siliconbert {

// The largest threshold such that it and every smaller one keep the count of right answers within
// `allowed_loss` sentences of the last layer's. NaN where no threshold does; the next number above every
// turning point where all do (a larger one changes nothing).
// entropy and correct (1 where the layer's answer is right): sentences x layers, row-major.
double largest_threshold(const Rule& rule, std::span<const float> entropy,
                         std::span<const std::uint8_t> correct, std::size_t layers, double allowed_loss);

}  // namespace siliconbert
