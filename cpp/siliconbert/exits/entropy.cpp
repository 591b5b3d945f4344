#include "siliconbert/exits/entropy.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "siliconbert/base/check.hpp"

namespace siliconbert {

// With d = x - max(x): H = ln sum exp(d) - sum(d exp(d)) / sum exp(d). Both terms are at least 0, so nothing
// cancels or overflows. (EdgeBERT's equation 3 subtracts max(x) where it must be added.)
float entropy(std::span<const float> logits) {
    const auto finite = [](float x) { return std::isfinite(x); };
    const bool distribution = logits.size() > 1;  // one output is a score
    if (!distribution || !std::all_of(logits.begin(), logits.end(), finite)) {
        return std::numeric_limits<float>::quiet_NaN();
    }
    const auto largest = std::max_element(logits.begin(), logits.end());
    double others = 0;  // sum exp(d) without the largest logit's 1
    double weighted = 0;
    for (auto x = logits.begin(); x != logits.end(); ++x) {
        if (x == largest) continue;
        const double below = double{*x} - double{*largest};
        const double e = std::exp(below);
        others += e;
        weighted += below * e;
    }
    return static_cast<float>(std::log1p(others) - weighted / (1 + others));
}

std::vector<float> entropies(std::span<const float> logits, std::size_t classes) {
    require(classes >= 1, "entropy: logits must have at least one class, got ", classes);
    std::vector<float> result(logits.size() / classes);
    for (std::size_t i = 0; i < result.size(); ++i) result[i] = entropy(logits.subspan(i * classes, classes));
    return result;
}

}  // namespace siliconbert
