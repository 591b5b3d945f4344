// Sentences in groups that run together, one pass each.
#pragma once

#include <vector>

#include "siliconbert/base/parallel.hpp"
#include "siliconbert/transformer/network.hpp"

namespace siliconbert {

// Bounds of consecutive groups of sentences, one pass each (a sentence longer than a pass stands alone): as
// few as hold all, but the same number for every thread, and nearly the same number of blocks each.
std::vector<std::size_t> split(const Batch& batch, std::size_t first, std::size_t last, int threads);

// Calls body(first, last) for every group, in parallel.
template <class Body>
void each_pass(const Batch& batch, std::size_t first, std::size_t last, int threads, Body&& body) {
    const OneThreadACall guard;
    const std::vector<std::size_t> bounds = split(batch, first, last, threads);
    parallel_for(bounds.size() - 1, threads, [&](std::size_t g) { body(bounds[g], bounds[g + 1]); });
}

}  // namespace siliconbert
