// Operation counts: what one sentence asks of one encoder layer. Every accelerator counts through here.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "siliconbert/hardware/band.hpp"

namespace siliconbert {

// What a head's span takes away. A head that is off always loses its Q, K and V columns, its scores, its
// softmax and its context.
enum class SpanRule {
    paper,   // nothing more: the output product stays whole, a partial span saves nothing (fits EdgeBERT's
             // 1.22x and 1.18x)
    window,  // also its slice of the output product; of a partial span only the pairs within its reach count
};

// Shares that are not zero: of the elements of a matrix, and of its vectors of `lanes` elements.
struct Share {
    double elements = 1;
    double vectors = 1;
};

// Of the weight matrices of one layer.
struct WeightShares {
    Share qkv;
    Share output;
    Share ffn_up;
    Share ffn_down;
};

// One layer's work, after everything that takes work away.
struct LayerWork {
    std::size_t tokens_attention = 0;
    std::size_t tokens_ffn = 0;
    std::size_t hidden = 0;
    std::size_t heads = 0;    // of the network: a head is hidden / heads wide
    std::size_t ffn = 0;      // neurons
    std::size_t classes = 0;  // of the exit classifier after the layer; 0: no classifier
    // For every head that is on, the largest distance |query - key| that it attends to.
    std::vector<std::size_t> reach;
    SpanRule rule = SpanRule::paper;
    WeightShares weights;
    std::size_t lanes = 1;  // length of the vectors whose zeros count
    double width = 8;       // bits of a weight and of an activation
};

// `count` matrix products (rows x depth) times (depth x columns).
struct Product {
    std::string part{};
    std::size_t count = 1;
    std::size_t rows = 0;
    std::size_t columns = 0;
    std::size_t depth = 0;
    Share left{};          // the activations' matrix
    Share right{};         // the weights', or the second activations'
    bool weights = false;  // whether the right matrix is weights
    // Tokens that matter to each other under SpanRule::window: of rows and columns, or of rows and depth.
    Band columns_near{};
    Band depth_near{};

    bool empty() const { return count * rows * columns * depth == 0; }
    double macs() const;       // that the rule counts
    double kept_macs() const;  // whose weight is not pruned
};

// Parts: qkv, scores, context, output, ffn_up, ffn_down, ramp. Without tokens there is no work.
std::vector<Product> products(const LayerWork& work);

// All that is counted of a layer. Bytes are those of the matrices, each once.
struct Counts {
    double macs = 0;
    double kept_macs = 0;
    double weight_bytes = 0;      // that are kept
    double mask_bytes = 0;        // one bit a weight
    double activation_bytes = 0;  // products' left operands and results, and attention's right operands
    double activation_rows = 0;   // rows of the products' left operands: each is activated once
    double softmax_rows = 0;      // of one head and token, each `tokens_attention` long
    double layer_norm_rows = 0;   // of one token, each `hidden` long
    double add_rows = 0;
    double entropies = 0;
};

Counts count(const LayerWork& work);

}  // namespace siliconbert
