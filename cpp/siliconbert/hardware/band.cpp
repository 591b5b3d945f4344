#include "siliconbert/hardware/band.hpp"

#include <algorithm>

namespace siliconbert {

namespace {

// Calls visit(first query, queries, first key, keys) for every stripe of n queries: its keys in whole
// vectors.
template <class Visit>
void stripes(const Band& band, std::size_t height, std::size_t n, Visit&& visit) {
    for (std::size_t q = 0; q < band.tokens; q += height) {
        const std::size_t last = std::min(band.tokens, q + height) - 1;
        const std::size_t from = (q > band.reach ? q - band.reach : 0) / n;
        const std::size_t to = std::min(band.tokens - 1, last + band.reach) / n;
        const std::size_t keys = std::min(band.tokens, (to + 1) * n) - from * n;
        visit(static_cast<double>(to - from + 1), static_cast<double>(last - q + 1),
              static_cast<double>(keys));
    }
}

}  // namespace

double Band::pairs() const { return pairs_in_squares(1); }

double Band::squares(std::size_t n) const {
    double total = 0;
    stripes(*this, n, n, [&](double vectors, double, double) { total += vectors; });
    return total;
}

double Band::pairs_in_squares(std::size_t n) const {
    double total = 0;
    stripes(*this, n, n, [&](double, double queries, double keys) { total += queries * keys; });
    return total;
}

double Band::vectors(std::size_t n) const {
    double total = 0;
    stripes(*this, 1, n, [&](double vectors, double, double) { total += vectors; });
    return total;
}

}  // namespace siliconbert
