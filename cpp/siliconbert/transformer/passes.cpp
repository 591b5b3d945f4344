#include "siliconbert/transformer/passes.hpp"

#include <algorithm>

#include "siliconbert/base/ceil_divide.hpp"

namespace siliconbert {

namespace {

// Sentences run together in passes of at most this many blocks of rows: enough that the last, partly filled
// block and the exits' costs little, few enough that the buffers of a pass stay in the last cache.
constexpr std::size_t pass_blocks = 8;

}  // namespace

std::vector<std::size_t> split(const Batch& batch, std::size_t first, std::size_t last, int threads) {
    std::vector<std::size_t> bounds{first};
    const auto blocks_from = [&](std::size_t i) {
        return ceil_divide(batch.start(last) - batch.start(i), row_block);
    };
    const std::size_t blocks = blocks_from(first);
    const auto workers = static_cast<std::size_t>(thread_count(threads));
    const std::size_t fewest = ceil_divide(blocks, pass_blocks);
    std::size_t left = std::min(blocks, ceil_divide(fewest, workers) * workers);
    while (bounds.back() < last) {
        const std::size_t from = bounds.back();
        const std::size_t room = ceil_divide(blocks_from(from), left) * row_block;
        std::size_t to = from + 1;
        while (to < last && batch.start(to + 1) - batch.start(from) <= room) ++to;
        bounds.push_back(to);
        if (left > 1) --left;
    }
    return bounds;
}

}  // namespace siliconbert
