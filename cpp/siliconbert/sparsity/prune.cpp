#include "siliconbert/sparsity/prune.hpp"

#include <algorithm>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "siliconbert/base/check.hpp"

namespace siliconbert {

namespace {

// Rows [top, bottom) and columns [left, right): of weights or of blocks.
struct Area {
    std::size_t top, bottom, left, right;
    std::size_t size() const { return (bottom - top) * (right - left); }
};

// Calls visit(area) for every tile of height x width of a grid, those at its edges cut off.
template <class Visit>
void each_tile(std::size_t rows, std::size_t columns, std::size_t height, std::size_t width, Visit visit) {
    for (std::size_t top = 0; top < rows; top += std::min(height, rows - top)) {
        for (std::size_t left = 0; left < columns; left += std::min(width, columns - left)) {
            visit(
                Area{top, top + std::min(height, rows - top), left, left + std::min(width, columns - left)});
        }
    }
}

// One number for every block of a matrix, in row-major order of the blocks.
template <class T>
struct Blocks {
    std::size_t rows, columns;
    std::vector<T> of;

    template <class Weigh>
    Blocks(std::size_t matrix_rows, std::size_t matrix_columns, const Division& by, Weigh weigh)
        : rows((matrix_rows + by.rows - 1) / by.rows),
          columns((matrix_columns + by.columns - 1) / by.columns) {
        of.reserve(rows * columns);
        each_tile(matrix_rows, matrix_columns, by.rows, by.columns,
                  [&](const Area& block) { of.push_back(weigh(block)); });
    }
};

template <class Visit>
void each_cell(const Area& area, std::size_t columns, Visit visit) {
    for (std::size_t row = area.top; row < area.bottom; ++row) {
        for (std::size_t column = area.left; column < area.right; ++column) visit(row * columns + column);
    }
}

// Marks the `kept` largest of an area's norms, of equal ones the first. `room` is scratch memory.
void mark_largest(const Blocks<double>& norms, const Area& group, std::size_t kept,
                  std::vector<std::uint8_t>& marks, std::vector<double>& room) {
    room.clear();
    each_cell(group, norms.columns, [&](std::size_t i) { room.push_back(norms.of[i]); });
    const auto last = room.begin() + static_cast<std::ptrdiff_t>(std::min(kept, room.size()) - 1);
    std::nth_element(room.begin(), last, room.end(), std::greater<>());
    const double limit = *last;
    // Everything before the nth element is at least as large, so the ties to keep stand at or before it.
    auto ties = 1 + std::count(room.begin(), last, limit);
    each_cell(group, norms.columns, [&](std::size_t i) {
        const bool tie = norms.of[i] == limit && ties > 0;
        if (tie) --ties;
        marks[i] = tie || norms.of[i] > limit;
    });
}

std::string place(const Area& area, const Division& by, const Mask& mask) {
    return say("rows ", area.top * by.rows, "-", std::min(area.bottom * by.rows, mask.rows) - 1, ", columns ",
               area.left * by.columns, "-", std::min(area.right * by.columns, mask.columns) - 1);
}

// Whether each block is kept; throws for one that is kept in part.
Blocks<std::uint8_t> whole_blocks(const Mask& mask, const Division& by) {
    return {mask.rows, mask.columns, by, [&](const Area& block) {
                std::size_t kept = 0;
                each_cell(block, mask.columns, [&](std::size_t i) { kept += mask.kept.at(i); });
                if (kept != 0 && kept != block.size()) {
                    throw std::invalid_argument(say("check: mask must keep blocks of ", by.rows, " x ",
                                                    by.columns, " whole, got ", kept, " of ", block.size(),
                                                    " weights in ", place(block, {}, mask)));
                }
                return kept == 0 ? std::uint8_t{0} : std::uint8_t{1};
            }};
}

struct Kept {
    Area group;
    std::size_t blocks;
};

std::vector<Kept> kept_by_group(const Blocks<std::uint8_t>& blocks, const Division& by) {
    std::vector<Kept> found;
    each_tile(blocks.rows, blocks.columns, by.group_rows, by.group_columns, [&](const Area& group) {
        std::size_t kept = 0;
        each_cell(group, blocks.columns, [&](std::size_t i) { kept += blocks.of[i]; });
        found.push_back({group, kept});
    });
    return found;
}

}  // namespace

Mask prune(std::span<const float> scores, std::size_t rows, std::size_t columns, const Pattern& pattern,
           std::optional<double> density) {
    require(!scores.empty(), "prune: scores must hold at least one value, got none");
    const Division by = divide(pattern, rows, columns, density);
    require_finite(scores, "prune", "scores");
    const Blocks<double> norms(rows, columns, by, [&](const Area& block) {
        double sum = 0;  // the square of the norm: it orders alike, and a single weight's is exact
        each_cell(block, columns, [&](std::size_t i) {
            sum += static_cast<double>(scores[i]) * static_cast<double>(scores[i]);
        });
        return sum;
    });
    std::vector<std::uint8_t> marks(norms.of.size());
    std::vector<double> room;
    each_tile(norms.rows, norms.columns, by.group_rows, by.group_columns,
              [&](const Area& group) { mark_largest(norms, group, by.kept, marks, room); });
    Mask mask{rows, columns, Codes(1, scores.size())};
    std::size_t next = 0;
    each_tile(rows, columns, by.rows, by.columns, [&](const Area& block) {
        if (marks[next++] != 0) each_cell(block, columns, [&](std::size_t i) { mask.kept.set(i, 1); });
    });
    return mask;
}

void check_mask(const Mask& mask, const Pattern& pattern) {
    require(mask.kept.count() > 0, "check: mask must hold at least one value, got none");
    const bool own_density = std::holds_alternative<NM>(pattern);
    const Division by =
        divide(pattern, mask.rows, mask.columns, own_density ? std::nullopt : std::optional<double>(1));
    const auto groups = kept_by_group(whole_blocks(mask, by), by);
    const auto most = std::max_element(groups.begin(), groups.end(),
                                       [](const Kept& a, const Kept& b) { return a.blocks < b.blocks; });
    require(most->blocks <= by.kept, "check: mask must keep at most ", by.kept, " of ", by.group_columns,
            " neighbours, got ", most->blocks, " in ", place(most->group, by, mask));
    if (!balanced(pattern)) return;
    for (const Kept& one : groups) {
        if (one.blocks == std::min(most->blocks, one.group.size())) continue;
        throw std::invalid_argument(say("check: mask must keep as many blocks of ", by.rows, " x ",
                                        by.columns, " in every group, got ", most->blocks, " in ",
                                        place(most->group, by, mask), " and ", one.blocks, " in ",
                                        place(one.group, by, mask)));
    }
}

}  // namespace siliconbert
