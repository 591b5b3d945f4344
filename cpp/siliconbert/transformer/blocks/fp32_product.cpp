// The block product in fp32.
#include "siliconbert/transformer/blocks/product.hpp"
#include "siliconbert/transformer/blocks/tasks.hpp"

namespace siliconbert {

namespace {

class Fp32Product final : public BlockProduct {
 public:
    Fp32Product(const LinearSpec& spec, BlockColumns blocks, const BlockKernel& kernel)
        : kernel_(kernel),
          weights_({spec.weight, spec.out, spec.in}, std::move(blocks)),
          bias_(spec.bias.begin(), spec.bias.end()) {
        bias_.resize(weights_.columns() * weights_.blocks().block_columns);
    }

    const BlockColumns& blocks() const override { return weights_.blocks(); }

    void apply(const float* x, std::size_t rows, float* y, int threads) const override {
        const std::size_t group = group_tiles(weights_.bytes());
        each_task(ceil_divide(rows, tile_tokens), group, weights_.columns(), threads, [&](const Task& task) {
            thread_local Scratch<float> room;
            const std::size_t size = weights_.tile_inputs() * tile_tokens;
            float* const tiles = room.at_least(group * size);
            const auto tile_at = [&](std::size_t tile) { return tiles + (tile - task.first_tile) * size; };
            for (std::size_t tile = task.first_tile; tile < task.last_tile; ++tile) {
                fill(x, rows, tile, tile_at(tile));
            }
            NextRows next(x, rows, weights_.in(), task, chunks(task), threads);
            each_panel(task, weights_.blocks().block_columns, rows, weights_.out(), y,
                       [&](const Panel& panel) { multiply(panel, tile_at(panel.tile), next); });
        });
    }

 private:
    void fill(const float* x, std::size_t rows, std::size_t tile, float* to) const {
        const std::size_t in = weights_.in();
        kernel_.to_tile(x + tile * tile_tokens * in, in, rows_of_tile(rows, tile), in, to);
        std::fill(to + in * tile_tokens, to + weights_.tile_inputs() * tile_tokens, 0.0F);
    }

    std::size_t chunks(const Task& task) const {
        return (task.last_column - task.first_column) *
               ceil_divide(weights_.blocks().block_columns, chunk_outputs);
    }

    void multiply(const Panel& panel, const float* tile, NextRows& next) const {
        thread_local Scratch<float> room;
        float* const sums = room.at_least(panel.room);
        Arriving lines(panel, weights_.blocks().block_columns, weights_.out());
        for (std::size_t column = panel.first; column < panel.last; ++column) {
            weights_.for_each_chunk(column, [&](std::size_t o, const Chunk<float>& chunk) {
                lines.some_more();
                next.some_more();
                kernel_.multiply(chunk, bias_.data() + o, tile, sums + (o - panel.start) * tile_tokens);
            });
        }
        kernel_.to_rows(sums, panel.outputs, panel.rows, panel.y, weights_.out());
    }

    const BlockKernel& kernel_;
    BlockWeights<float> weights_;
    std::vector<float> bias_;  // filled up to whole blocks
};

}  // namespace

std::unique_ptr<BlockProduct> fp32_block_product(const LinearSpec& spec, BlockColumns blocks,
                                                 const BlockKernel& kernel) {
    return std::make_unique<Fp32Product>(spec, std::move(blocks), kernel);
}

}  // namespace siliconbert
