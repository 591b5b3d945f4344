#include "siliconbert/exits/lut.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "siliconbert/base/check.hpp"

namespace siliconbert {

Lut::Lut(std::vector<double> keys, std::vector<double> entropies)
    : keys_(std::move(keys)), entropies_(std::move(entropies)) {
    require(!keys_.empty() && !entropies_.empty() && entropies_.size() % keys_.size() == 0,
            "Lut: entropies must be one row per key and at least one column, got ", entropies_.size(),
            " numbers for ", keys_.size(), " keys");
    for (std::size_t i = 0; i < keys_.size(); ++i) {
        require(std::isfinite(keys_[i]) && (i == 0 || keys_[i] > keys_[i - 1]), "Lut: keys must ascend, got ",
                keys_[i], " in row ", i + 1);
    }
    for (const double value : entropies_)
        require(std::isfinite(value), "Lut: entropies must be finite, got ", value);
    columns_ = entropies_.size() / keys_.size();
}

std::size_t Lut::row(double entropy) const {
    auto above =
        static_cast<std::size_t>(std::lower_bound(keys_.begin(), keys_.end(), entropy) - keys_.begin());
    if (above == keys_.size()) --above;
    const bool lower = above > 0 && std::abs(entropy - keys_[above - 1]) <= std::abs(keys_[above] - entropy);
    return lower ? above - 1 : above;
}

}  // namespace siliconbert
