#include <cmath>
#include <stdexcept>

#include "catch2.hpp"
#include "siliconbert/base/parallel.hpp"

using namespace siliconbert;

TEST_CASE("a blocked sum has the same bits at any thread count") {
    const auto partial = [](std::size_t first, std::size_t last) {
        double sum = 0;
        for (std::size_t i = first; i < last; ++i) sum += std::sin(static_cast<double>(i));
        return sum;
    };
    const double once = blocked_sum(100001, 1000, 1, partial);
    for (const int threads : {2, 3, 7}) CHECK(blocked_sum(100001, 1000, threads, partial) == once);
}

TEST_CASE("every block is visited once, the last one may be short") {
    std::vector<int> visits(1003);
    parallel_blocks(visits.size(), 100, 3, [&](std::size_t first, std::size_t last) {
        for (std::size_t i = first; i < last; ++i) ++visits[i];
    });
    for (const int count : visits) REQUIRE(count == 1);
}

TEST_CASE("an exception in a block reaches the caller") {
    const auto fails = [](std::size_t i) {
        if (i == 5) throw std::runtime_error("block 5");
    };
    for (const int threads : {1, 3}) CHECK_THROWS_WITH(parallel_for(10, threads, fails), "block 5");
}

TEST_CASE("a negative thread count is refused") {
    CHECK_THROWS_WITH(thread_count(-1),
                      ContainsSubstring("threads must be 0 (all available) or positive, got -1"));
}
