#include "siliconbert/sparsity/prune.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include "siliconbert/base/check.hpp"

namespace siliconbert {

namespace {

// The magnitude of the `kept`-th largest score.
float threshold(std::span<const float> scores, std::size_t kept) {
    std::vector<float> magnitudes(scores.size());
    std::transform(scores.begin(), scores.end(), magnitudes.begin(), [](float s) { return std::fabs(s); });
    const auto nth = magnitudes.begin() + static_cast<std::ptrdiff_t>(kept - 1);
    std::nth_element(magnitudes.begin(), nth, magnitudes.end(), std::greater<>());
    return *nth;
}

Codes prune_by(const Unstructured&, std::span<const float> scores, double density) {
    const auto wanted = std::floor(density * static_cast<double>(scores.size()) + 0.5);
    const std::size_t kept = std::max<std::size_t>(1, static_cast<std::size_t>(wanted));
    const float limit = threshold(scores, kept);
    const auto above =
        std::count_if(scores.begin(), scores.end(), [&](float s) { return std::fabs(s) > limit; });
    std::size_t ties = kept - static_cast<std::size_t>(above);
    Codes mask(1, scores.size());
    for (std::size_t i = 0; i < scores.size(); ++i) {
        const float magnitude = std::fabs(scores[i]);
        const bool tie = magnitude == limit && ties > 0;
        if (tie) --ties;
        if (tie || magnitude > limit) mask.set(i, 1);
    }
    return mask;
}

}  // namespace

Mask prune(std::span<const float> scores, std::size_t rows, std::size_t columns, const Pattern& pattern,
           double density) {
    require(density > 0 && density <= 1, "prune: density must be in (0, 1], got ", density);
    require(!scores.empty(), "prune: scores must hold at least one value, got none");
    require_finite(scores, "prune", "scores");
    Codes kept = std::visit([&](const auto& by) { return prune_by(by, scores, density); }, pattern);
    return {rows, columns, std::move(kept)};
}

}  // namespace siliconbert
