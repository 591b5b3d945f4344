#include "siliconbert/faults/cell.hpp"

#include <cmath>
#include <limits>
#include <numbers>

#include "siliconbert/base/check.hpp"

namespace siliconbert {

namespace {

void check_cell(const Cell& cell) {
    const std::size_t levels = cell.levels();
    require(levels >= 2 && cell.sigmas.size() == levels,
            "Cell: means and sigmas must have one entry per level, at least 2; got ", levels, " and ",
            cell.sigmas.size());
    for (std::size_t i = 0; i < levels; ++i) {
        require(cell.sigmas[i] > 0 && std::isfinite(cell.sigmas[i]), "Cell: sigmas must be positive, got ",
                cell.sigmas[i], " at level ", i);
        require(std::isfinite(cell.means[i]) && (i == 0 || cell.means[i] > cell.means[i - 1]),
                "Cell: means must ascend, got ", cell.means[i], " at level ", i);
    }
}

// With x measured from the lower mean, equal densities mean a x^2 + b x + c = 0; the root between the means
// in the form that does not cancel and holds for a = 0 (equal sigmas).
double crossing(double lower_mean, double lower_sigma, double upper_mean, double upper_sigma) {
    const double distance = upper_mean - lower_mean;
    const double weight = 1 / (upper_sigma * upper_sigma);
    const double a = 1 / (lower_sigma * lower_sigma) - weight;
    const double b = 2 * distance * weight;
    const double c = 2 * std::log(lower_sigma / upper_sigma) - distance * distance * weight;
    const double x = -2 * c / (b + std::sqrt(b * b - 4 * a * c));
    require(x > 0 && x < distance, "Cell: neighbouring levels must cross between their means, got means ",
            lower_mean, " and ", upper_mean, " with sigmas ", lower_sigma, " and ", upper_sigma);
    return lower_mean + x;
}

// P(X > z) of a standard normal X: small tails keep their digits.
double upper_tail(double z) { return 0.5 * std::erfc(z / std::numbers::sqrt2); }

// P(low < X < high) where both bounds lie on one side of the mean.
double between(double low, double high) {
    return low >= 0 ? upper_tail(low) - upper_tail(high) : upper_tail(-high) - upper_tail(-low);
}

}  // namespace

std::vector<double> thresholds(const Cell& cell) {
    check_cell(cell);
    std::vector<double> between_levels;
    for (std::size_t i = 0; i + 1 < cell.levels(); ++i) {
        between_levels.push_back(
            crossing(cell.means[i], cell.sigmas[i], cell.means[i + 1], cell.sigmas[i + 1]));
    }
    return between_levels;
}

Transitions transitions(const Cell& cell, const std::vector<double>& at, bool adjacent_only) {
    check_cell(cell);
    constexpr double infinity = std::numeric_limits<double>::infinity();
    const std::size_t levels = cell.levels();
    require(at.size() + 1 == levels, "Cell: there must be a threshold between any two levels, got ",
            at.size(), " for ", levels, " levels");
    Transitions result{levels, std::vector<double>(levels * levels)};
    for (std::size_t stored = 0; stored < levels; ++stored) {
        const double mean = cell.means[stored];
        require((stored == 0 || at[stored - 1] < mean) && (stored + 1 == levels || mean < at[stored]),
                "Cell: thresholds must lie between the means, got means ", mean, " at level ", stored);
        double misread = 0;
        for (std::size_t read = 0; read < levels; ++read) {
            const bool neighbour = read + 1 == stored || read == stored + 1;
            if (read == stored || (adjacent_only && !neighbour)) continue;
            const bool lowest = read == 0 || (adjacent_only && read < stored);
            const bool highest = read + 1 == levels || (adjacent_only && read > stored);
            const double low = lowest ? -infinity : at[read - 1] - mean;
            const double high = highest ? infinity : at[read] - mean;
            const double p = between(low / cell.sigmas[stored], high / cell.sigmas[stored]);
            result.probability[stored * levels + read] = p;
            misread += p;
        }
        result.probability[stored * levels + stored] = 1 - misread;
    }
    return result;
}

Transitions transitions(const Cell& cell) { return transitions(cell, thresholds(cell), false); }

}  // namespace siliconbert
