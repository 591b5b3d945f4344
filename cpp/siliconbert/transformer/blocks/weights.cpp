#include "siliconbert/transformer/blocks/weights.hpp"

#include <algorithm>

#include "siliconbert/base/check.hpp"

namespace siliconbert {

namespace {

bool holds_a_weight(const WeightView<float>& weight, std::size_t first_in, std::size_t last_in,
                    std::size_t first_out, std::size_t last_out) {
    for (std::size_t o = first_out; o < last_out; ++o) {
        const auto row = weight.values.subspan(o * weight.in + first_in, last_in - first_in);
        if (std::ranges::any_of(row, [](float value) { return value != 0; })) return true;
    }
    return false;
}

}  // namespace

BlockColumns find_blocks(const WeightView<float>& weight, std::size_t block_rows, std::size_t block_columns) {
    BlockColumns found{block_rows, block_columns, {0}, {}};
    for (std::size_t o = 0; o < weight.out; o += block_columns) {
        for (std::size_t i = 0; i < weight.in; i += block_rows) {
            const std::size_t last_in = std::min(i + block_rows, weight.in);
            const std::size_t last_out = std::min(o + block_columns, weight.out);
            if (!holds_a_weight(weight, i, last_in, o, last_out)) continue;
            found.row_of_block.push_back(static_cast<std::uint32_t>(i / block_rows));
        }
        found.start.push_back(found.row_of_block.size());
    }
    return found;
}

double density(const BlockColumns& blocks, const WeightView<float>& weight) {
    const std::size_t all =
        ceil_divide(weight.in, blocks.block_rows) * ceil_divide(weight.out, blocks.block_columns);
    return static_cast<double>(blocks.row_of_block.size()) / static_cast<double>(all);
}

template <class Weight>
BlockWeights<Weight>::BlockWeights(const WeightView<Weight>& weight, BlockColumns blocks)
    : out_(weight.out),
      in_(weight.in),
      steps_(ceil_divide(blocks.block_rows, step_inputs)),
      blocks_(std::move(blocks)),
      values_(blocks_.row_of_block.size() * blocks_.block_columns * steps_ * step_inputs) {
    pack(weight);
}

template <class Weight>
void BlockWeights<Weight>::pack(const WeightView<Weight>& weight) {
    Weight* to = values_.data();
    const std::size_t padded = steps_ * step_inputs;
    for (std::size_t column = 0; column < columns(); ++column) {
        for_each_chunk(column, [&](std::size_t first, const Chunk<Weight>& chunk) {
            for (const std::uint32_t row : chunk.block_rows) {
                const std::size_t from = row * blocks_.block_rows;
                const std::size_t inputs = std::min(blocks_.block_rows, in_ - from);
                for (std::size_t o = 0; o < chunk.outputs && first + o < out_; ++o) {
                    for (std::size_t i = 0; i < inputs; ++i) {
                        const std::size_t step = i / step_inputs;
                        to[(step * chunk.outputs + o) * step_inputs + i % step_inputs] =
                            weight.values[(first + o) * in_ + from + i];
                    }
                }
                to += chunk.outputs * padded;
            }
        });
    }
}

template class BlockWeights<float>;
template class BlockWeights<std::int8_t>;

}  // namespace siliconbert
