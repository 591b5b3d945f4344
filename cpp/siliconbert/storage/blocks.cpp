// Layouts that store whole blocks: every block with a kept weight, row-major inside, those at the edges
// padded.
#include <algorithm>

#include "siliconbert/storage/parts.hpp"

namespace siliconbert {

namespace {

struct Grid {
    Grid(const Layout& layout, std::size_t of_rows, std::size_t of_columns)
        : rows(of_rows),
          columns(of_columns),
          high(option(layout, "block_rows")),
          wide(option(layout, "block_columns")),
          block_rows(ceil_divide(rows, high)),
          block_columns(ceil_divide(columns, wide)) {}

    std::size_t size() const { return high * wide; }
    std::size_t count() const { return block_rows * block_columns; }

    // Use(position in the block, element) for the part of a block that lies inside the matrix.
    template <class Use>
    void for_each_element(std::size_t block_row, std::size_t block_column, Use&& use) const {
        for (std::size_t i = 0; i < high && block_row * high + i < rows; ++i) {
            for (std::size_t j = 0; j < wide && block_column * wide + j < columns; ++j) {
                use(i * wide + j, (block_row * high + i) * columns + block_column * wide + j);
            }
        }
    }

    std::size_t rows;
    std::size_t columns;
    std::size_t high;
    std::size_t wide;
    std::size_t block_rows;
    std::size_t block_columns;
};

// Which blocks keep a weight, row-major.
Codes kept_blocks(const Mask& mask, const Grid& grid) {
    Codes kept(1, grid.count());
    for_each_one(mask.kept, 0, mask.kept.count(), [&](std::size_t element) {
        const std::size_t row = element / grid.columns / grid.high;
        const std::size_t column = element % grid.columns / grid.wide;
        kept.set(row * grid.block_columns + column, 1);
    });
    return kept;
}

void add_block(Encoded& to, const Grid& grid, std::size_t block_row, std::size_t block_column) {
    const std::size_t first = to.elements.size();
    to.elements.resize(first + grid.size(), outside);
    grid.for_each_element(block_row, block_column, [&](std::size_t at, std::size_t element) {
        to.elements[first + at] = static_cast<std::uint32_t>(element);
    });
}

void place_block(const Grid& grid, std::size_t block, std::size_t block_row, std::size_t block_column,
                 Placement& found) {
    grid.for_each_element(block_row, block_column, [&](std::size_t at, std::size_t element) {
        found.read.push_back(
            {static_cast<std::uint32_t>(block * grid.size() + at), static_cast<std::uint32_t>(element)});
    });
}

}  // namespace

Encoded encode_bsr(Layout& layout, const Mask& mask) {
    const Grid grid(layout, mask.rows, mask.columns);
    const Codes kept = kept_blocks(mask, grid);
    Encoded found;
    std::vector<std::uint32_t> columns;
    std::vector<std::uint32_t> pointers{0};
    for (std::size_t row = 0; row < grid.block_rows; ++row) {
        for (std::size_t column = 0; column < grid.block_columns; ++column) {
            if (kept.at(row * grid.block_columns + column) == 0) continue;
            columns.push_back(static_cast<std::uint32_t>(column));
            add_block(found, grid, row, column);
        }
        pointers.push_back(static_cast<std::uint32_t>(columns.size()));
    }
    add_part(found, "index", index_width(layout, grid.block_columns), columns);
    add_part(found, "pointer", index_width(layout, columns.size() + 1), pointers);
    return found;
}

void place_bsr(const CodeImage& image, std::size_t values, Placement& found) {
    const Grid grid(image.layout, image.rows, image.columns);
    const Numbers columns(image, "index");
    std::size_t& dropped = found.repairs["index_outside"];
    const auto place = [&](std::size_t row, std::size_t block) {
        const bool inside = columns[block] < grid.block_columns;
        dropped += !inside;
        if (inside) place_block(grid, block, row, columns[block], found);
    };
    for_each_row(image, grid.block_rows, grid.block_columns, values / grid.size(), found, place);
}

Encoded encode_cscb(Layout& layout, const Mask& mask) {
    const Grid grid(layout, mask.rows, mask.columns);
    const Codes kept = kept_blocks(mask, grid);
    Encoded found;
    std::vector<std::uint32_t> rows;
    std::size_t wanted = option(layout, "kept");
    for (std::size_t column = 0; column < grid.block_columns; ++column) {
        const std::size_t before = rows.size();
        for (std::size_t row = 0; row < grid.block_rows; ++row) {
            if (kept.at(row * grid.block_columns + column) == 0) continue;
            rows.push_back(static_cast<std::uint32_t>(row));
            add_block(found, grid, row, column);
        }
        const std::size_t count = rows.size() - before;
        if (column == 0 && wanted == 0) wanted = count;
        require(count == wanted,
                "store: layout cscb holds the same number of blocks in every block column, got ", count,
                " in column ", column, " where ", wanted, " are expected");
    }
    layout.options["kept"] = wanted;
    add_part(found, "index", index_width(layout, grid.block_rows), rows);
    return found;
}

void place_cscb(const CodeImage& image, std::size_t values, Placement& found) {
    const Grid grid(image.layout, image.rows, image.columns);
    const Numbers rows(image, "index");
    const std::size_t kept = option(image.layout, "kept");
    const std::size_t blocks = std::min(values / grid.size(), kept * grid.block_columns);
    std::size_t& dropped = found.repairs["index_outside"];
    for (std::size_t block = 0; block < blocks; ++block) {
        const bool inside = rows[block] < grid.block_rows;
        dropped += !inside;
        if (inside) place_block(grid, block, rows[block], block / kept, found);
    }
}

Encoded encode_block_bitmap(Layout& layout, const Mask& mask) {
    const Grid grid(layout, mask.rows, mask.columns);
    Encoded found;
    found.parts.push_back({"mask", kept_blocks(mask, grid), true});
    for_each_one(found.parts[0].codes, 0, grid.count(), [&](std::size_t block) {
        add_block(found, grid, block / grid.block_columns, block % grid.block_columns);
    });
    return found;
}

void place_block_bitmap(const CodeImage& image, std::size_t values, Placement& found) {
    const Grid grid(image.layout, image.rows, image.columns);
    const std::size_t blocks = values / grid.size();
    std::size_t block = 0;
    for_each_one(region(image, "mask").codes, 0, grid.count(), [&](std::size_t at) {
        if (block < blocks) {
            place_block(grid, block, at / grid.block_columns, at % grid.block_columns, found);
        }
        ++block;
    });
    found.repairs["mask_more"] += block > blocks ? block - blocks : 0;
    found.repairs["mask_fewer"] += block < blocks ? blocks - block : 0;
}

}  // namespace siliconbert
