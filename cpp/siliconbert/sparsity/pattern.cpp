#include "siliconbert/sparsity/pattern.hpp"

#include <algorithm>
#include <cmath>

#include "siliconbert/base/ceil_divide.hpp"
#include "siliconbert/base/check.hpp"

namespace siliconbert {

namespace {

// A density such as 1 - 0.9 is not a tenth in binary: counts this close to a whole number are meant to be it.
constexpr double slack = 1e-9;

std::size_t at_least_one(double count) { return static_cast<std::size_t>(std::max(1.0, count)); }

std::size_t nearest(double density, std::size_t blocks) {
    return at_least_one(std::floor(density * static_cast<double>(blocks) + 0.5));
}

std::size_t below(double density, std::size_t blocks) {
    return at_least_one(std::floor(density * static_cast<double>(blocks) + slack));
}

std::size_t above(double density, std::size_t blocks) {
    return at_least_one(std::ceil(density * static_cast<double>(blocks) - slack));
}

void check_fields(const Unstructured&) {}

void check_fields(const NM& p) {
    require(p.of >= 1, "NM: m must be at least 1, got ", p.of);
    require(p.kept >= 1 && p.kept <= p.of, "NM: n must be in 1..", p.of, ", got ", p.kept);
}

void check_fields(const Block& p) {
    require(p.rows >= 1 && p.columns >= 1, "Block: shape must be at least 1 x 1, got ", p.rows, " x ",
            p.columns);
    const bool banked = p.balance == Balance::Bank;
    require(!banked || (p.bank >= 1 && p.bank % p.columns == 0),
            "Block: bank must be a multiple of the block's ", p.columns, " columns, got ", p.bank);
    require(banked || p.bank == 0, "Block: bank must be left out unless balance is 'bank', got ", p.bank);
}

void check_fields(const Head& p) {
    require(p.width >= 1, "Head: width must be at least 1, got ", p.width);
    require(p.axis == 0 || p.axis == 1, "Head: axis must be 0 (rows) or 1 (columns), got ", p.axis);
}

Division division(const Unstructured&, std::size_t rows, std::size_t columns, double density) {
    return {1, 1, rows, columns, nearest(density, rows * columns)};
}

Division division(const NM& p, std::size_t, std::size_t, double) {
    return {1, 1, 1, static_cast<std::size_t>(p.of), static_cast<std::size_t>(p.kept)};
}

Division division(const Block& p, std::size_t rows, std::size_t columns, double density) {
    const auto r = static_cast<std::size_t>(p.rows), c = static_cast<std::size_t>(p.columns);
    require(r <= rows && c <= columns, "Block: shape must be at most the matrix's ", rows, " x ", columns,
            ", got ", r, " x ", c);
    const std::size_t down = ceil_divide(rows, r), across = ceil_divide(columns, c);
    const auto bank = static_cast<std::size_t>(p.bank) / c;
    switch (p.balance) {
        case Balance::Row:
            return {r, c, 1, across, below(density, across)};
        case Balance::Column:
            return {r, c, down, 1, below(density, down)};
        case Balance::Bank:
            return {r, c, 1, bank, above(density, bank)};
        default:
            return {r, c, down, across, nearest(density, down * across)};
    }
}

Division division(const Head& p, std::size_t rows, std::size_t columns, double density) {
    const auto width = static_cast<std::size_t>(p.width);
    const std::size_t length = p.axis == 0 ? rows : columns;
    require(length % width == 0, "Head: width must divide the matrix's ", length,
            p.axis == 0 ? " rows" : " columns", ", got ", width);
    const std::size_t heads = length / width;
    const std::size_t kept = nearest(density, heads);
    return p.axis == 0 ? Division{width, columns, heads, 1, kept} : Division{rows, width, 1, heads, kept};
}

void check_density(const Pattern& pattern, std::optional<double> density) {
    const auto* nm = std::get_if<NM>(&pattern);
    if (nm == nullptr) {
        require(density && *density > 0 && *density <= 1, "prune: density must be in (0, 1], got ",
                density ? say(*density) : "none");
    } else {
        require(!density || std::fabs(*density * nm->of - nm->kept) < slack, "prune: density must be ",
                nm->kept, "/", nm->of, " or left out, got ", density.value_or(0));
    }
}

}  // namespace

void require_pattern(const Pattern& pattern) {
    std::visit([](const auto& p) { check_fields(p); }, pattern);
}

Division divide(const Pattern& pattern, std::size_t rows, std::size_t columns,
                std::optional<double> density) {
    require_pattern(pattern);
    check_density(pattern, density);
    return std::visit([&](const auto& p) { return division(p, rows, columns, density.value_or(1)); },
                      pattern);
}

bool balanced(const Pattern& pattern) {
    const auto* block = std::get_if<Block>(&pattern);
    return block != nullptr && block->balance != Balance::Free;
}

}  // namespace siliconbert
