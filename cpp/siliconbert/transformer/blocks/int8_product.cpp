// The block product in 8-bit integers.
#include <algorithm>

#include "siliconbert/base/clones.hpp"
#include "siliconbert/transformer/blocks/product.hpp"
#include "siliconbert/transformer/blocks/tasks.hpp"
#include "siliconbert/transformer/elementwise.hpp"

namespace siliconbert {

namespace {

// codes = value * (127 / max |value|) to the nearest whole number, ties to even; returns max |value| / 127.
SILICONBERT_CLONES
float to_codes(const float* values, std::size_t count, std::int8_t* codes) {
    // In this range floats are whole numbers, so that adding it rounds.
    constexpr float whole = 12582912.0F;
    const float most = max_abs(values, count);
    const float factor = most == 0 ? 0 : 127 / most;
    for (std::size_t i = 0; i < count; ++i) {
        const float shifted = values[i] * factor + whole;
        codes[i] = static_cast<std::int8_t>(shifted - whole);
    }
    return most / 127;
}

SILICONBERT_CLONES
void scale(const std::int32_t* sums, const float* of_tokens, const float* of_outputs, const float* bias,
           std::size_t outputs, float* values) {
    for (std::size_t o = 0; o < outputs; ++o) {
        for (std::size_t t = 0; t < tile_tokens; ++t) {
            const std::size_t at = o * tile_tokens + t;
            values[at] = static_cast<float>(sums[at]) * (of_tokens[t] * of_outputs[o]) + bias[o];
        }
    }
}

// A weight by one scale for each output.
struct Int8Weight {
    explicit Int8Weight(const LinearSpec& spec)
        : codes(spec.weight.size()), scales(spec.out), sums(spec.out) {
        for (std::size_t o = 0; o < spec.out; ++o) {
            std::int8_t* row = codes.data() + o * spec.in;
            scales[o] = to_codes(spec.weight.data() + o * spec.in, spec.in, row);
            for (std::size_t i = 0; i < spec.in; ++i) sums[o] += row[i];
        }
    }

    std::vector<std::int8_t> codes;
    std::vector<float> scales;
    std::vector<std::int32_t> sums;
};

class Int8Product final : public BlockProduct {
 public:
    Int8Product(const LinearSpec& spec, Int8Weight weight, BlockColumns blocks, const BlockKernel& kernel)
        : kernel_(kernel),
          weights_({weight.codes, spec.out, spec.in}, std::move(blocks)),
          scales_(std::move(weight.scales)),
          sums_(std::move(weight.sums)),
          bias_(spec.bias.begin(), spec.bias.end()) {
        const std::size_t padded = weights_.columns() * weights_.blocks().block_columns;
        scales_.resize(padded);
        sums_.resize(padded);
        bias_.resize(padded);
    }

    const BlockColumns& blocks() const override { return weights_.blocks(); }

    void apply(const float* x, std::size_t rows, float* y, int threads) const override {
        const std::size_t group = group_tiles(weights_.bytes());
        each_task(ceil_divide(rows, tile_tokens), group, weights_.columns(), threads, [&](const Task& task) {
            thread_local Scratch<float> room;
            float scales[most_group_tiles * tile_tokens];
            const std::size_t size = width() * tile_tokens;
            float* const tiles = room.at_least(group * size);
            for (std::size_t tile = task.first_tile; tile < task.last_tile; ++tile) {
                const std::size_t i = tile - task.first_tile;
                fill(x + tile * tile_tokens * weights_.in(), rows_of_tile(rows, tile), tiles + i * size,
                     scales + i * tile_tokens);
            }
            each_panel(task, weights_.blocks().block_columns, rows, weights_.out(), y,
                       [&](const Panel& panel) {
                           const std::size_t i = panel.tile - task.first_tile;
                           const auto* tile = reinterpret_cast<const std::int8_t*>(tiles + i * size);
                           multiply(panel, tile, scales + i * tile_tokens);
                       });
        });
    }

 private:
    // Fours of codes of a token.
    std::size_t width() const { return weights_.tile_inputs() / int8_inputs; }

    // Four codes of a token stay side by side: they are transposed as if they were one float. Every block row
    // is filled up to whole fours.
    void fill(const float* x, std::size_t rows, float* tile, float* scales) const {
        thread_local Scratch<float> room;
        thread_local std::vector<std::int8_t> codes;
        codes.resize(weights_.in());
        float* const padded = room.at_least(tile_tokens * width());
        std::fill_n(padded, rows * width(), 0.0F);
        std::fill_n(scales, tile_tokens, 0.0F);
        const std::size_t high = weights_.blocks().block_rows;
        for (std::size_t t = 0; t < rows; ++t) {
            scales[t] = to_codes(x + t * codes.size(), codes.size(), codes.data());
            auto* to = reinterpret_cast<std::int8_t*>(padded + t * width());
            for (std::size_t i = 0; i < codes.size(); i += high, to += weights_.steps() * int8_inputs) {
                std::copy_n(codes.data() + i, std::min(high, codes.size() - i), to);
            }
        }
        kernel_.to_tile(padded, width(), rows, width(), tile);
    }

    void multiply(const Panel& panel, const std::int8_t* tile, const float* of_tokens) const {
        thread_local Scratch<std::int32_t> sums_room;
        thread_local Scratch<float> room;
        std::int32_t* const sums = sums_room.at_least(panel.room);
        Arriving lines(panel, weights_.blocks().block_columns, weights_.out());
        for (std::size_t column = panel.first; column < panel.last; ++column) {
            weights_.for_each_chunk(column, [&](std::size_t o, const Chunk<std::int8_t>& chunk) {
                lines.some_more();
                kernel_.multiply_int8(chunk, sums_.data() + o, tile, sums + (o - panel.start) * tile_tokens);
            });
        }
        float* const values = room.at_least(panel.room);
        scale(sums, of_tokens, scales_.data() + panel.start, bias_.data() + panel.start, panel.outputs,
              values);
        kernel_.to_rows(values, panel.outputs, panel.rows, panel.y, weights_.out());
    }

    const BlockKernel& kernel_;
    BlockWeights<std::int8_t> weights_;
    std::vector<float> scales_;       // of every output; these three are filled up to whole blocks
    std::vector<std::int32_t> sums_;  // of its weights
    std::vector<float> bias_;
};

}  // namespace

std::unique_ptr<BlockProduct> int8_block_product(const LinearSpec& spec, BlockColumns blocks,
                                                 const BlockKernel& kernel) {
    return std::make_unique<Int8Product>(spec, Int8Weight(spec), std::move(blocks), kernel);
}

}  // namespace siliconbert
