// Layouts with the same number of values in every bank of neighbouring columns of a row.
#include <algorithm>

#include "siliconbert/storage/parts.hpp"

namespace siliconbert {

namespace {

struct Banks {
    std::size_t rows;
    std::size_t columns;
    std::size_t bank;  // columns of one; the last of a row may reach beyond the matrix
    std::size_t kept;  // values of each

    std::size_t per_row() const { return ceil_divide(columns, bank); }
};

// The elements stored for one bank: the kept ones, and among the others the first ones up to `kept`. Columns
// beyond the matrix come last.
std::vector<std::uint32_t> columns_of(const Mask& mask, const Banks& banks, std::size_t row,
                                      std::size_t first) {
    std::vector<std::uint32_t> found;
    const std::size_t last = std::min(first + banks.bank, mask.columns);
    for_each_one(mask.kept, row * mask.columns + first, row * mask.columns + last, [&](std::size_t element) {
        found.push_back(static_cast<std::uint32_t>(element - row * mask.columns - first));
    });
    const std::size_t kept = found.size();
    for (std::uint32_t column = 0; found.size() < banks.kept; ++column) {
        const auto end = found.begin() + static_cast<std::ptrdiff_t>(kept);
        if (!std::binary_search(found.begin(), end, column)) found.push_back(column);
    }
    std::sort(found.begin(), found.end());
    return found;
}

Encoded encode(const Layout& layout, const Mask& mask, const Banks& banks) {
    require(banks.kept <= banks.bank, "store: layout ", layout.name, " must keep at most all ", banks.bank,
            " columns, got ", banks.kept);
    Encoded found;
    std::vector<std::uint32_t> indices;
    for (std::size_t row = 0; row < mask.rows; ++row) {
        for (std::size_t first = 0; first < mask.columns; first += banks.bank) {
            const auto columns = columns_of(mask, banks, row, first);
            require(columns.size() == banks.kept, "store: layout ", layout.name, " holds ", banks.kept,
                    " values in ", banks.bank, " columns, got ", columns.size(), " in row ", row,
                    " from column ", first, " on");
            for (const std::uint32_t column : columns) {
                const std::size_t at = first + column;
                found.elements.push_back(
                    at < mask.columns ? static_cast<std::uint32_t>(row * mask.columns + at) : outside);
                indices.push_back(column);
            }
        }
    }
    add_part(found, "index", index_width(layout, banks.bank), indices);
    return found;
}

void place(const CodeImage& image, const Banks& banks, std::size_t values, Placement& found) {
    const Numbers index(image, "index");
    const std::size_t per_row = banks.per_row() * banks.kept;
    values = std::min(values, image.rows * per_row);
    std::size_t& dropped = found.repairs["index_outside"];
    for (std::size_t i = 0; i < values; ++i) {
        const std::size_t column = i % per_row / banks.kept * banks.bank + index[i];
        dropped += index[i] >= banks.bank;
        if (index[i] >= banks.bank || column >= image.columns) continue;
        found.read.push_back({static_cast<std::uint32_t>(i),
                              static_cast<std::uint32_t>(i / per_row * image.columns + column)});
    }
}

std::size_t fullest_bank(const Mask& mask, std::size_t bank) {
    std::size_t most = 0;
    for (std::size_t row = 0; row < mask.rows; ++row) {
        for (std::size_t first = 0; first < mask.columns; first += bank) {
            std::size_t count = 0;
            for_each_one(mask.kept, row * mask.columns + first,
                         row * mask.columns + std::min(first + bank, mask.columns),
                         [&](std::size_t) { ++count; });
            most = std::max(most, count);
        }
    }
    return most;
}

Banks csb(const Layout& layout, std::size_t rows, std::size_t columns) {
    return {rows, columns, option(layout, "bank"), option(layout, "kept")};
}

Banks n_of_m(const Layout& layout, std::size_t rows, std::size_t columns) {
    return {rows, columns, option(layout, "m"), option(layout, "n")};
}

}  // namespace

Encoded encode_csb(Layout& layout, const Mask& mask) {
    if (option(layout, "kept") == 0) layout.options["kept"] = fullest_bank(mask, option(layout, "bank"));
    return encode(layout, mask, csb(layout, mask.rows, mask.columns));
}

void place_csb(const CodeImage& image, std::size_t values, Placement& found) {
    place(image, csb(image.layout, image.rows, image.columns), values, found);
}

Encoded encode_n_of_m(Layout& layout, const Mask& mask) {
    return encode(layout, mask, n_of_m(layout, mask.rows, mask.columns));
}

void place_n_of_m(const CodeImage& image, std::size_t values, Placement& found) {
    place(image, n_of_m(image.layout, image.rows, image.columns), values, found);
}

}  // namespace siliconbert
