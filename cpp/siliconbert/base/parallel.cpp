#include "siliconbert/base/parallel.hpp"

#include <omp.h>

#include "siliconbert/base/check.hpp"

namespace siliconbert {

int available_threads() { return std::max(1, omp_get_num_procs()); }

int thread_count(int threads) {
    require(threads >= 0, "threads must be 0 (all available) or positive, got ", threads);
    return threads == 0 ? available_threads() : threads;
}

// New workers inherit the count from the thread that starts them, so setting it once here covers them too.
OneThreadACall::OneThreadACall() : before_(omp_get_max_threads()) { omp_set_num_threads(1); }

OneThreadACall::~OneThreadACall() { omp_set_num_threads(before_); }

}  // namespace siliconbert
