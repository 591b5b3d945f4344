// A block-sparse weight as the kernels read it: block column after block column (compressed sparse column
// blocks), each in chunks of outputs, each chunk as one stream of weights.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <vector>

#include "siliconbert/base/ceil_divide.hpp"
#include "siliconbert/base/words.hpp"
#include "siliconbert/transformer/aligned.hpp"
#include "siliconbert/transformer/blocks/kernel.hpp"

namespace siliconbert {

// A weight of the network, out x in, row-major. As the factor W of y = x W it is in x out.
template <class Weight>
struct WeightView {
    std::span<const Weight> values;
    std::size_t out;
    std::size_t in;
};

// The blocks of W, block_rows inputs x block_columns outputs each, that hold a weight other than zero.
BlockColumns find_blocks(const WeightView<float>& weight, std::size_t block_rows, std::size_t block_columns);

// The share of all blocks that are kept.
double density(const BlockColumns& blocks, const WeightView<float>& weight);

// Blocks at the edges are filled up with zeros.
template <class Weight>
class BlockWeights {
 public:
    static constexpr std::size_t step_inputs = std::is_same_v<Weight, std::int8_t> ? int8_inputs : 1;

    BlockWeights(const WeightView<Weight>& weight, BlockColumns blocks);

    std::size_t out() const { return out_; }
    std::size_t in() const { return in_; }
    const BlockColumns& blocks() const { return blocks_; }
    std::size_t columns() const { return blocks_.start.size() - 1; }
    // Inputs of a tile, padding included, and the steps of a block.
    std::size_t tile_inputs() const { return ceil_divide(in_, blocks_.block_rows) * steps_ * step_inputs; }
    std::size_t steps() const { return steps_; }
    std::size_t bytes() const { return values_.size() * sizeof(Weight); }

    // Calls use(first output of the matrix, its chunk) for the chunks of a block column.
    template <class Use>
    void for_each_chunk(std::size_t column, Use&& use) const {
        const std::size_t wide = blocks_.block_columns;
        const std::size_t first = blocks_.start[column];
        const std::size_t count = blocks_.start[column + 1] - first;
        const std::span<const std::uint32_t> rows(blocks_.row_of_block.data() + first, count);
        const Weight* weights = values_.data() + first * wide * steps_ * step_inputs;
        for (std::size_t o = 0; o < wide; o += chunk_outputs) {
            const std::size_t outputs = std::min(chunk_outputs, wide - o);
            use(column * wide + o, Chunk<Weight>{outputs, rows, steps_, weights});
            weights += count * outputs * steps_ * step_inputs;
        }
    }

 private:
    void pack(const WeightView<Weight>& weight);

    std::size_t out_;
    std::size_t in_;
    std::size_t steps_;
    BlockColumns blocks_;
    std::vector<Weight, Aligned<Weight>> values_;
};

}  // namespace siliconbert
