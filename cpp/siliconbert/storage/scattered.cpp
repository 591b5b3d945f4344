// Layouts that name the place of every value: coordinates, compressed rows, run lengths.
#include <algorithm>

#include "siliconbert/storage/parts.hpp"

namespace siliconbert {

namespace {

// Use(element, row, column) for every kept element, row-major.
template <class Use>
void for_each_kept(const Mask& mask, Use&& use) {
    for_each_one(mask.kept, 0, mask.kept.count(), [&](std::size_t element) {
        use(static_cast<std::uint32_t>(element), static_cast<std::uint32_t>(element / mask.columns),
            static_cast<std::uint32_t>(element % mask.columns));
    });
}

Placed placed(std::size_t value, std::size_t element) {
    return {static_cast<std::uint32_t>(value), static_cast<std::uint32_t>(element)};
}

}  // namespace

Encoded encode_coo(Layout& layout, const Mask& mask) {
    Encoded found;
    std::vector<std::uint32_t> rows;
    std::vector<std::uint32_t> columns;
    for_each_kept(mask, [&](std::uint32_t element, std::uint32_t row, std::uint32_t column) {
        found.elements.push_back(element);
        rows.push_back(row);
        columns.push_back(column);
    });
    add_part(found, "index.row", index_width(layout, mask.rows), rows);
    add_part(found, "index.column", index_width(layout, mask.columns), columns);
    return found;
}

void place_coo(const CodeImage& image, std::size_t values, Placement& found) {
    const Numbers rows(image, "index.row");
    const Numbers columns(image, "index.column");
    std::size_t& dropped = found.repairs["index_outside"];
    for (std::size_t i = 0; i < values; ++i) {
        const bool inside = rows[i] < image.rows && columns[i] < image.columns;
        dropped += !inside;
        if (inside) found.read.push_back(placed(i, rows[i] * image.columns + columns[i]));
    }
}

Encoded encode_csr(Layout& layout, const Mask& mask) {
    Encoded found;
    std::vector<std::uint32_t> columns;
    std::vector<std::uint32_t> pointers(mask.rows + 1, 0);
    for_each_kept(mask, [&](std::uint32_t element, std::uint32_t row, std::uint32_t column) {
        found.elements.push_back(element);
        columns.push_back(column);
        ++pointers[row + 1];
    });
    for (std::size_t row = 0; row < mask.rows; ++row) pointers[row + 1] += pointers[row];
    add_part(found, "index", index_width(layout, mask.columns), columns);
    add_part(found, "pointer", index_width(layout, columns.size() + 1), pointers);
    return found;
}

void place_csr(const CodeImage& image, std::size_t values, Placement& found) {
    const Numbers columns(image, "index");
    std::size_t& dropped = found.repairs["index_outside"];
    for_each_row(image, image.rows, image.columns, values, found, [&](std::size_t row, std::size_t value) {
        const bool inside = columns[value] < image.columns;
        dropped += !inside;
        if (inside) found.read.push_back(placed(value, row * image.columns + columns[value]));
    });
}

// The number of pruned elements before each value, at most 2^run_bits - 1; where there are more, the element
// after so many is stored too, as a zero.
Encoded encode_run_length(Layout& layout, const Mask& mask) {
    const std::size_t bits = option(layout, "run_bits");
    require(bits <= 32, "store: run_bits of layout rle must be in 1..32, got ", bits);
    const std::uint32_t longest = static_cast<std::uint32_t>((std::uint64_t{1} << bits) - 1);
    Encoded found;
    std::vector<std::uint32_t> runs;
    std::uint32_t next = 0;
    for_each_kept(mask, [&](std::uint32_t element, std::uint32_t, std::uint32_t) {
        for (; element - next > longest; next += longest + 1) {
            runs.push_back(longest);
            found.elements.push_back(next + longest);
        }
        runs.push_back(element - next);
        found.elements.push_back(element);
        next = element + 1;
    });
    add_part(found, "count", static_cast<int>(bits), runs);
    return found;
}

void place_run_length(const CodeImage& image, std::size_t values, Placement& found) {
    const Numbers runs(image, "count");
    std::size_t element = 0;
    for (std::size_t i = 0; i < values; ++i, ++element) {
        element += runs[i];
        if (element >= image.rows * image.columns) {
            found.repairs["run_outside"] = values - i;
            return;
        }
        found.read.push_back(placed(i, element));
    }
}

}  // namespace siliconbert
