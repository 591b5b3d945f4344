// What the benches share: the clock, the processor's name, and an end with a reason.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iostream>
#include <limits>
#include <string>

namespace siliconbert::bench {

// Processor time of this thread, seconds: other work on the machine does not count.
inline double now() {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

// Seconds of one call in one thread.
template <class Call>
double seconds(Call&& call) {
    const double start = now();
    call();
    return now() - start;
}

// The fastest of some calls: what else the machine does can only add to a time.
template <class Call>
double best(int calls, Call&& call) {
    double found = std::numeric_limits<double>::infinity();
    for (int i = 0; i < calls; ++i) found = std::min(found, seconds(call));
    return found;
}

inline std::string processor() {
    std::ifstream file("/proc/cpuinfo");
    for (std::string line; std::getline(file, line);) {
        if (line.rfind("model name", 0) == 0) return line.substr(line.find(": ") + 2);
    }
    return "unknown processor";
}

// A wrong answer is never timed.
inline void check(bool good, const std::string& what) {
    if (good) return;
    std::cerr << "wrong answer: " << what << '\n';
    std::exit(1);
}

}  // namespace siliconbert::bench
