// How a block product is cut up: tasks of threads, panels of outputs, and the memory they share.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "siliconbert/base/parallel.hpp"
#include "siliconbert/transformer/aligned.hpp"
#include "siliconbert/transformer/blocks/weights.hpp"

namespace siliconbert {

// Tiles that meet each weight while it is in the first cache: one where all weights stay in the second cache,
// more where they come from further away each time.
inline std::size_t group_tiles(std::size_t weight_bytes) {
    return weight_bytes <= (std::size_t{1} << 19) ? 1 : 4;
}
inline constexpr std::size_t most_group_tiles = 4;
// Outputs whose sums are turned back to rows together: whole cache lines of a row (measured: 64 and 128 are
// no faster, 16 are slower).
inline constexpr std::size_t panel_outputs = 32;

// Scratch memory of a thread, which grows and stays.
template <class T>
class Scratch {
 public:
    T* at_least(std::size_t size) {
        if (values_.size() < size) values_.resize(size);
        return values_.data();
    }

 private:
    std::vector<T, Aligned<T>> values_;
};

inline std::size_t rows_of_tile(std::size_t rows, std::size_t tile) {
    return std::min(tile_tokens, rows - tile * tile_tokens);
}

// Some tiles of tokens and block columns of the result.
struct Task {
    std::size_t first_tile, last_tile;
    std::size_t first_column, last_column;
};

// Calls run(task) for tasks that cover everything. Groups of `group` tiles are split over columns only where
// they are fewer than the threads; every output is a sum of its own, so its bits do not depend on the tasks.
template <class Run>
void each_task(std::size_t tiles, std::size_t group, std::size_t columns, int threads, Run&& run) {
    const std::size_t groups = ceil_divide(tiles, group);
    const auto workers = static_cast<std::size_t>(thread_count(threads));
    const std::size_t each =
        ceil_divide(columns, std::min(columns, ceil_divide(workers, std::max<std::size_t>(1, groups))));
    const std::size_t splits = ceil_divide(columns, each);
    parallel_for(groups * splits, threads, [&](std::size_t i) {
        const std::size_t tile = i / splits * group;
        const std::size_t column = i % splits * each;
        run({tile, std::min(tiles, tile + group), column, std::min(columns, column + each)});
    });
}

// Block columns first .. last - 1 of one tile: `outputs` of them inside the matrix, from `start` on.
struct Panel {
    std::size_t tile;
    std::size_t first, last;
    std::size_t start;
    std::size_t outputs;
    std::size_t rows;
    // Room for the sums of all outputs of its blocks, and for what kernels read beyond them.
    std::size_t room;
    float* y;  // of its first row and output
};

// Calls use(panel) for a task's panels; y: rows x out.
template <class Use>
void each_panel(const Task& task, std::size_t block_columns, std::size_t rows, std::size_t out, float* y,
                Use&& use) {
    const std::size_t step = std::max<std::size_t>(1, panel_outputs / block_columns);
    for (std::size_t first = task.first_column; first < task.last_column; first += step) {
        const std::size_t last = std::min(task.last_column, first + step);
        const std::size_t start = first * block_columns;
        const std::size_t room = ((last - first) * block_columns + 16) * tile_tokens;
        for (std::size_t tile = task.first_tile; tile < task.last_tile; ++tile) {
            use(Panel{tile, first, last, start, std::min(last * block_columns, out) - start,
                      rows_of_tile(rows, tile), room, y + tile * tile_tokens * out + start});
        }
    }
}

// Asks for the lines of y that a panel will be written to, a few rows with every chunk of its products: they
// arrive meanwhile, and do not stand in the way of what the chunk reads.
class Arriving {
 public:
    Arriving(const Panel& panel, std::size_t block_columns, std::size_t stride)
        : panel_(panel),
          stride_(stride),
          each_(ceil_divide(panel.rows,
                            (panel.last - panel.first) * ceil_divide(block_columns, chunk_outputs))) {}

    void some_more() {
        constexpr std::size_t line = 64;
        const std::size_t end = std::min(panel_.rows, next_ + each_);
        for (; next_ < end; ++next_) {
            const float* row = panel_.y + next_ * stride_;
            const auto from = reinterpret_cast<std::uintptr_t>(row) / line * line;
            const auto to = reinterpret_cast<std::uintptr_t>(row + panel_.outputs);
            for (auto at = from; at < to; at += line) {
                __builtin_prefetch(reinterpret_cast<const void*>(at), 0, 2);
            }
        }
    }

 private:
    const Panel& panel_;
    std::size_t stride_;
    std::size_t each_;
    std::size_t next_ = 0;
};

// Asks for the rows of the next group of tiles while this one is multiplied, a few lines with every chunk.
class NextRows {
 public:
    // Where several threads share the groups, the next one is mostly another's.
    NextRows(const float* x, std::size_t rows, std::size_t in, const Task& task, std::size_t chunks,
             int threads) {
        const std::size_t first = task.last_tile * tile_tokens;
        if (threads != 1 || first >= rows) return;
        const std::size_t count = (task.last_tile - task.first_tile) * tile_tokens;
        at_ = x + first * in;
        end_ = at_ + std::min(count, rows - first) * in;
        each_ =
            ceil_divide(static_cast<std::size_t>(end_ - at_), chunks * (task.last_tile - task.first_tile));
    }

    void some_more() {
        constexpr std::size_t line = 64 / sizeof(float);
        for (const float* stop = at_ + std::min<std::size_t>(each_, static_cast<std::size_t>(end_ - at_));
             at_ < stop;) {
            __builtin_prefetch(at_, 0, 2);
            at_ += std::min<std::size_t>(line, static_cast<std::size_t>(stop - at_));
        }
    }

 private:
    const float* at_ = nullptr;
    const float* end_ = nullptr;
    std::size_t each_ = 0;
};

}  // namespace siliconbert
