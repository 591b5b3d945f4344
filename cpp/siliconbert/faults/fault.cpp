#include "siliconbert/faults/fault.hpp"

namespace siliconbert {

std::vector<std::uint64_t> level_counts(const Region& region, std::size_t place) {
    std::vector<std::uint64_t> counts(std::size_t{1} << region.map.cell_bits[place]);
    for (std::size_t cell = place; cell < region.cells(); cell += region.cells_per_code()) {
        ++counts[region.level(cell)];
    }
    return counts;
}

Transitions unchanged(std::size_t levels) {
    Transitions same{levels, std::vector<double>(levels * levels)};
    for (std::size_t level = 0; level < levels; ++level) same.probability[level * levels + level] = 1;
    return same;
}

namespace {

// Sums what is off the diagonal: 1 minus the diagonal would lose rare misreads.
double expected_at(const Transitions& transitions, const std::vector<std::uint64_t>& counts) {
    double sum = 0;
    for (std::size_t stored = 0; stored < transitions.levels; ++stored) {
        double misread = 0;
        for (std::size_t read = 0; read < transitions.levels; ++read) {
            if (read != stored) misread += transitions.at(stored, read);
        }
        sum += static_cast<double>(counts[stored]) * misread;
    }
    return sum;
}

}  // namespace

std::vector<double> expected(const CellFault& fault, const CodeImage& image) {
    std::vector<double> per_region(image.regions.size());
    for (std::size_t r = 0; r < image.regions.size(); ++r) {
        const Region& region = image.regions[r];
        if (region.codes.count() == 0) continue;
        for (std::size_t place = 0; place < region.cells_per_code(); ++place) {
            per_region[r] += expected_at(fault.transitions(image, r, place), level_counts(region, place));
        }
    }
    return per_region;
}

}  // namespace siliconbert
