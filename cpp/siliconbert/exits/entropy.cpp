#include "siliconbert/exits/entropy.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "siliconbert/base/check.hpp"

namespace siliconbert {

namespace {

constexpr float kNone = std::numeric_limits<float>::quiet_NaN();

// With d = x - max(x) of every logit but the largest: sum exp(d) and sum d exp(d).
struct Others {
    double sum = 0;
    double weighted = 0;
};

Others others(std::span<const float> logits) {
    const auto largest = std::max_element(logits.begin(), logits.end());
    Others found;
    for (auto x = logits.begin(); x != logits.end(); ++x) {
        if (x == largest) continue;
        const double below = double{*x} - double{*largest};
        const double e = std::exp(below);
        found.sum += e;
        found.weighted += below * e;
    }
    return found;
}

// One output is a score.
bool is_distribution(std::span<const float> logits) {
    return logits.size() > 1 &&
           std::all_of(logits.begin(), logits.end(), [](float x) { return std::isfinite(x); });
}

std::vector<float> of_groups(std::span<const float> logits, std::size_t classes, const char* function,
                             float (*score)(std::span<const float>)) {
    require(classes >= 1, function, ": logits must have at least one class, got ", classes);
    std::vector<float> result(logits.size() / classes);
    for (std::size_t i = 0; i < result.size(); ++i) result[i] = score(logits.subspan(i * classes, classes));
    return result;
}

}  // namespace

// H = ln sum exp(d) - sum(d exp(d)) / sum exp(d). Both terms are at least 0, so nothing cancels or overflows.
// (EdgeBERT's equation 3 subtracts max(x) where it must be added.)
float entropy(std::span<const float> logits) {
    if (!is_distribution(logits)) return kNone;
    const Others rest = others(logits);
    return static_cast<float>(std::log1p(rest.sum) - rest.weighted / (1 + rest.sum));
}

float doubt(std::span<const float> logits) {
    if (!is_distribution(logits)) return kNone;
    const Others rest = others(logits);
    return static_cast<float>(rest.sum / (1 + rest.sum));
}

std::vector<float> entropies(std::span<const float> logits, std::size_t classes) {
    return of_groups(logits, classes, "entropy", &entropy);
}

std::vector<float> doubts(std::span<const float> logits, std::size_t classes) {
    return of_groups(logits, classes, "doubt", &doubt);
}

}  // namespace siliconbert
