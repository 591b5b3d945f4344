// The pruning patterns. Each says how it divides a matrix: into blocks that survive or go as a whole, and
// into groups of neighbouring blocks of which the same number survives. A new pattern is one struct with its
// two overloads in pattern.cpp and its line in the list below.
#pragma once

#include <cstddef>
#include <optional>
#include <variant>

namespace siliconbert {

// Any weight may survive: round(density * weights) of them, a half goes up.
struct Unstructured {};

// `kept` of every `of` neighbours of a row; the last group of a row may be shorter.
struct NM {
    int kept;
    int of;
};

// How evenly the surviving blocks of `Block` are spread.
enum class Balance {
    Free,    // round(density * blocks) anywhere, a half goes up
    Row,     // floor(density * block columns) in every block row
    Column,  // floor(density * block rows) in every block column (CBBP, Algorithm 1)
    Bank,    // ceil(density * blocks of a bank) in every bank of a block row
};

// Whole blocks of rows x columns weights. Edge blocks are padded with zeros, edge banks with zero blocks;
// `bank` is the width of a bank in weights, a multiple of `columns`, and 0 for the other balances.
struct Block {
    int rows;
    int columns;
    Balance balance;
    int bank = 0;
};

// Whole attention heads: `width` neighbouring rows (axis 0) or columns (axis 1); round(density * heads).
struct Head {
    int width;
    int axis;
};

using Pattern = std::variant<Unstructured, NM, Block, Head>;

// A matrix divided: of every group, group_rows x group_columns blocks of rows x columns weights each, `kept`
// blocks survive (all of a smaller one at the edge).
struct Division {
    std::size_t rows = 1, columns = 1;
    std::size_t group_rows = 1, group_columns = 1;
    std::size_t kept = 1;
};

// Throws where a field of the pattern is outside its range.
void require_pattern(const Pattern& pattern);

// The division of a matrix at a density, 0 < density <= 1; N:M has its own, which may be left out. At least
// one block of a group survives.
Division divide(const Pattern& pattern, std::size_t rows, std::size_t columns, std::optional<double> density);

// Whether every group of a mask must keep the same number of blocks, not only at most `kept`.
bool balanced(const Pattern& pattern);

}  // namespace siliconbert
