#include "siliconbert/hardware/front.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "siliconbert/base/check.hpp"

namespace siliconbert {

std::vector<std::uint8_t> front(std::span<const double> numbers, std::size_t columns) {
    require(columns > 0 && numbers.size() % columns == 0, "front: numbers must be rows x columns, got ",
            numbers.size(), " for ", columns, " columns");
    const bool finite =
        std::all_of(numbers.begin(), numbers.end(), [](double x) { return std::isfinite(x); });
    require(finite, "front: numbers must be finite");
    const std::size_t count = numbers.size() / columns;
    const auto row = [&](std::size_t i) { return numbers.subspan(i * columns, columns); };
    std::vector<std::size_t> order(count), kept;
    std::iota(order.begin(), order.end(), std::size_t{0});
    // In this order no later row beats an earlier one.
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return std::lexicographical_compare(row(a).begin(), row(a).end(), row(b).begin(), row(b).end());
    });
    const auto beats = [&](std::size_t a, std::size_t b) {
        bool smaller = false;
        for (std::size_t c = 0; c < columns; ++c) {
            if (row(a)[c] > row(b)[c]) return false;
            smaller = smaller || row(a)[c] < row(b)[c];
        }
        return smaller;
    };
    std::vector<std::uint8_t> found(count, 0);
    for (const std::size_t i : order) {
        const auto by = std::find_if(kept.begin(), kept.end(), [&](std::size_t k) { return beats(k, i); });
        if (by != kept.end()) {
            // Rows that beat one often beat the next.
            std::iter_swap(kept.begin(), by);
            continue;
        }
        found[i] = 1;
        kept.push_back(i);
    }
    return found;
}

}  // namespace siliconbert
