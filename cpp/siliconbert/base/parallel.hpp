// Loops over fixed blocks: the blocks do not depend on the number of threads, so neither does any result.
#pragma once

#include <algorithm>
#include <cstddef>
#include <exception>
#include <vector>

#include "siliconbert/base/ceil_divide.hpp"

namespace siliconbert {

// Processors this process may use (its CPU mask), at least 1.
int available_threads();

// `threads` as given, or available_threads() for 0; negative counts are refused.
int thread_count(int threads);

// While alive, libraries called from this thread and its workers run on one thread each.
class OneThreadACall {
 public:
    OneThreadACall();
    ~OneThreadACall();
    OneThreadACall(const OneThreadACall&) = delete;
    OneThreadACall& operator=(const OneThreadACall&) = delete;

 private:
    int before_;
};

// Calls body(i) for i in 0..count-1, each on one thread, in any order; the first exception is rethrown.
template <class Body>
void parallel_for(std::size_t count, int threads, Body&& body) {
    const int workers =
        static_cast<int>(std::min<std::size_t>(static_cast<std::size_t>(thread_count(threads)), count));
    if (workers <= 1) {
        for (std::size_t i = 0; i < count; ++i) body(i);
        return;
    }
    std::exception_ptr failure;
#pragma omp parallel for schedule(dynamic, 1) num_threads(workers)
    for (std::size_t i = 0; i < count; ++i) {
        try {
            body(i);
        } catch (...) {
#pragma omp critical(siliconbert_failure)
            if (!failure) failure = std::current_exception();
        }
    }
    if (failure) std::rethrow_exception(failure);
}

// Calls body(first, last) for consecutive blocks [first, last) of `block` elements (the last may be shorter).
template <class Body>
void parallel_blocks(std::size_t size, std::size_t block, int threads, Body&& body) {
    parallel_for(ceil_divide(size, block), threads, [&](std::size_t b) {
        const std::size_t first = b * block;
        body(first, std::min(size, first + block));
    });
}

// Sum of partial(first, last) over fixed blocks, added in block order: the same bits at any thread count.
template <class Partial>
double blocked_sum(std::size_t size, std::size_t block, int threads, Partial&& partial) {
    std::vector<double> parts(ceil_divide(size, block));
    parallel_blocks(size, block, threads, [&](std::size_t first, std::size_t last) {
        parts[first / block] = partial(first, last);
    });
    double total = 0;
    for (const double part : parts) total += part;
    return total;
}

}  // namespace siliconbert
