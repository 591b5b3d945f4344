// Rare events with their exact distribution: gaps between hits, and distinct numbers drawn one by one.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <unordered_set>
#include <utility>
#include <vector>

#include "siliconbert/base/parallel.hpp"
#include "siliconbert/base/philox.hpp"
#include "siliconbert/base/words.hpp"

namespace siliconbert {

// Items of a block that are hit independently with probability `rate`, 0 < rate <= 1; blocks hold at most
// `block` items. Draw `index` of an element gives the gap before the block's hit number `index`.
class Hits {
 public:
    Hits(double rate, std::uint64_t block)
        : rate_(rate),
          log1p_of_minus_rate_(rate < 1 ? std::log1p(-rate) : 0),
          // A first number below this skips the whole block: saves the logarithm where hits are rare. The
          // margin is above the rounding of either side, so no hit is lost.
          empty_below_(rate < 1 ? std::exp(static_cast<double>(block) * log1p_of_minus_rate_) * (1 - 1e-9)
                                : 0) {}

    // hit(item, share) for the items hit among 0 .. size - 1, ascending; `share` is another uniform number of
    // (0, 1]. fetch(item) comes some hits before: rare hits read memory that no cache holds.
    template <class Fetch, class Hit>
    void each(const Draws& draws, std::uint32_t element, std::uint64_t size, Fetch&& fetch, Hit&& hit) const {
        PhiloxCounter draw = draws(element, 0);
        if (uniform(draw[0], draw[1]) < empty_below_) return;
        std::array<std::pair<std::uint64_t, double>, 32> ahead;
        std::size_t count = 0;
        const auto finish = [&] {
            for (std::size_t i = 0; i < count; ++i) hit(ahead[i].first, ahead[i].second);
            count = 0;
        };
        std::uint64_t at = 0;
        for (std::uint32_t index = 0;; draw = draws(element, ++index), ++at) {
            at += skip(uniform(draw[0], draw[1]));
            if (at >= size) return finish();
            fetch(at);
            ahead[count++] = {at, uniform(draw[2], draw[3])};
            if (count == ahead.size()) finish();
        }
    }

 private:
    // At a rate of 1 every item is hit and no logarithm is taken.
    std::uint64_t skip(double u) const { return rate_ < 1 ? gap(u, log1p_of_minus_rate_) : 0; }

    double rate_;
    double log1p_of_minus_rate_;
    double empty_below_;
};

// The events of all blocks of all readings, in order. A reading has blocks() and read(block, events).
template <class Reading>
std::vector<Event> read_blocks(const std::vector<Reading>& readings, int threads) {
    constexpr std::size_t together = 8;  // blocks a task: keeps what a task costs small beside an empty block
    struct Task {
        const Reading* reading;
        std::size_t first;
    };
    std::vector<Task> tasks;
    for (const Reading& reading : readings) {
        for (std::size_t first = 0; first < reading.blocks(); first += together) {
            tasks.push_back({&reading, first});
        }
    }
    std::vector<std::vector<Event>> parts(tasks.size());
    parallel_for(tasks.size(), threads, [&](std::size_t t) {
        const auto [reading, first] = tasks[t];
        const std::size_t last = std::min(first + together, reading->blocks());
        for (std::size_t block = first; block < last; ++block) reading->read(block, parts[t]);
    });
    std::vector<Event> all;
    std::size_t count = 0;
    for (const auto& part : parts) count += part.size();
    all.reserve(count);
    for (const auto& part : parts) all.insert(all.end(), part.begin(), part.end());
    return all;
}

// Numbers that are equally likely in 0 .. size - 1, one after another: 64 bits cut to the size's width,
// thrown away where they are too large. One a draw of the element.
class Uniforms {
 public:
    Uniforms(const Draws& draws, std::uint32_t element) : draws_(draws), element_(element) {}

    std::uint64_t below(std::uint64_t size) {
        const std::uint64_t mask = std::bit_ceil(size) - 1;
        for (;;) {
            const std::uint64_t number = next() & mask;
            if (number < size) return number;
        }
    }

 private:
    std::uint64_t next() {
        const PhiloxCounter draw = draws_(element_, index_++);
        return (std::uint64_t{draw[0]} << 32) | draw[1];
    }

    Draws draws_;
    std::uint32_t element_;
    std::uint32_t index_ = 0;
};

// `count` different numbers of 0 .. size - 1 among those that `accept` takes (at least `count`), every choice
// equally likely, in the order drawn.
template <class Accept>
std::vector<std::uint64_t> distinct(Uniforms& numbers, std::uint64_t size, std::uint64_t count,
                                    Accept&& accept) {
    std::vector<std::uint64_t> chosen;
    chosen.reserve(count);
    std::unordered_set<std::uint64_t> seen(2 * count);
    while (chosen.size() < count) {
        const std::uint64_t number = numbers.below(size);
        if (accept(number) && seen.insert(number).second) chosen.push_back(number);
    }
    return chosen;
}

}  // namespace siliconbert
