// Operation counts: what one sentence asks of one encoder layer. Every accelerator counts through here.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace siliconbert {

// One layer's work, after everything that takes work away.
struct LayerWork {
    std::size_t tokens_attention = 0;
    std::size_t tokens_ffn = 0;
    std::size_t hidden = 0;
    std::size_t heads = 0;  // of the network: a head is hidden / heads wide
    std::size_t heads_off =
        0;                // skipped: no Q, K, V, scores and context of theirs; the output product stays whole
    std::size_t ffn = 0;  // neurons
    double density = 1;   // kept fraction of the encoder's weights
    std::size_t classes = 0;  // of the exit classifier after the layer; 0: no classifier
};

// `count` matrix products (rows x depth) times (depth x columns), a fraction `density` of whose second
// operands is not zero.
struct Product {
    std::string part;
    std::size_t count;
    std::size_t rows;
    std::size_t columns;
    std::size_t depth;
    double density;

    double macs() const { return static_cast<double>(count * rows * columns) * static_cast<double>(depth); }
};

// Parts: qkv, scores, context, output, ffn_up, ffn_down, ramp. Without tokens there is no work.
std::vector<Product> products(const LayerWork& work);

}  // namespace siliconbert
