// The distilled exit predictor: from the entropy after one layer to the entropies of the layers after it.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace siliconbert {

class Lut {
 public:
    // keys ascend; entropies is keys.size() rows, one column for each later layer.
    Lut(std::vector<double> keys, std::vector<double> entropies);

    std::size_t columns() const { return columns_; }
    // The number of the row whose key is nearest; the lower one of two that are equally near.
    std::size_t row(double entropy) const;
    std::span<const double> nearest(double entropy) const {
        return std::span(entropies_).subspan(row(entropy) * columns_, columns_);
    }

 private:
    std::vector<double> keys_;
    std::vector<double> entropies_;
    std::size_t columns_;
};

}  // namespace siliconbert
