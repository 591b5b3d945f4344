// The back ends that this build can test: Eigen, and oneDNN where it was built, without and with our tiles.
#pragma once

#include <dlfcn.h>

#include <memory>
#include <stdexcept>
#include <vector>

#include "siliconbert/base/parallel.hpp"
#include "siliconbert/base/philox.hpp"
#include "siliconbert/transformer/products.hpp"
#include "siliconbert/transformer/tiles/attention.hpp"

namespace siliconbert {

inline std::vector<std::shared_ptr<const Products>> back_ends() {
    std::vector<std::shared_ptr<const Products>> all{eigen_products()};
#ifdef SILICONBERT_ONEDNN_PLUGIN
    if (dlopen(SILICONBERT_DNNL_LIBRARY, RTLD_NOW | RTLD_GLOBAL) == nullptr)
        throw std::runtime_error(dlerror());
    all.push_back(open_onednn_products(SILICONBERT_ONEDNN_PLUGIN));
    all.push_back(with_tiles(all.back()));
#endif
    return all;
}

// Uniform numbers in (-1, 1], a function of `seed` and the position alone.
inline std::vector<float> random_values(std::size_t count, std::uint32_t seed) {
    std::vector<float> values(count);
    for (std::size_t i = 0; i < count; ++i) {
        const PhiloxCounter words = philox({static_cast<std::uint32_t>(i), 0, 0, 0}, {seed, 0});
        values[i] = static_cast<float>(2 * uniform(words[0], words[1]) - 1);
    }
    return values;
}

}  // namespace siliconbert
