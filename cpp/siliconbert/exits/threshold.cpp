#include "siliconbert/exits/threshold.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "siliconbert/base/check.hpp"

namespace siliconbert {

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Thresholds above `point` give `gain` right answers more than those at it.
struct Change {
    double point;
    int gain;
};

// Adds one sentence's changes; returns whether its answer is right at the smallest thresholds.
int sentence_changes(const Rule& rule, std::span<const float> row, std::span<const std::uint8_t> correct,
                     std::vector<Change>& changes) {
    const auto right = [&](double threshold) {
        return static_cast<int>(correct[static_cast<std::size_t>(rule.leave(row, threshold)) - 1]);
    };
    const int at_first = right(-kInfinity);
    std::vector<double> points = rule.turning_points(row);
    std::sort(points.begin(), points.end());
    points.erase(std::unique(points.begin(), points.end()), points.end());
    int before = at_first;
    for (const double point : points) {
        const int now = right(std::nextafter(point, kInfinity));
        changes.push_back({point, now - before});
        before = now;
    }
    return at_first;
}

}  // namespace

double largest_threshold(const Rule& rule, std::span<const float> entropy,
                         std::span<const std::uint8_t> correct, std::size_t layers, double allowed_loss) {
    const std::size_t sentences = layers == 0 ? 0 : entropy.size() / layers;
    require(sentences > 0 && correct.size() == entropy.size() && entropy.size() == sentences * layers,
            "threshold_for: entropy and correct must be sentences x layers, at least one each; got ",
            entropy.size(), " and ", correct.size(), " numbers for ", layers, " layers");
    require(allowed_loss >= 0, "threshold_for: max_drop must be at least 0, got ", allowed_loss);
    require_finite(entropy, "threshold_for", "entropy");
    std::vector<Change> changes;
    int lost = 0;
    for (std::size_t i = 0; i < sentences; ++i) {
        const auto right = correct.subspan(i * layers, layers);
        lost += right.back() - sentence_changes(rule, entropy.subspan(i * layers, layers), right, changes);
    }
    if (lost > allowed_loss) return std::numeric_limits<double>::quiet_NaN();
    std::sort(changes.begin(), changes.end(),
              [](const Change& a, const Change& b) { return a.point < b.point; });
    for (std::size_t c = 0; c < changes.size(); ++c) {
        lost -= changes[c].gain;
        const bool group_ends = c + 1 == changes.size() || changes[c + 1].point != changes[c].point;
        if (group_ends && lost > allowed_loss) return changes[c].point;
    }
    return std::nextafter(changes.back().point, kInfinity);
}

}  // namespace siliconbert
