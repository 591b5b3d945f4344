// The block kernel in plain C++: the one that runs anywhere, and the transposes that others start from.
#include <algorithm>

#include "siliconbert/base/clones.hpp"
#include "siliconbert/transformer/blocks/kernels.hpp"

namespace siliconbert {

namespace {

void to_tile(const float* x, std::size_t stride, std::size_t rows, std::size_t columns, float* tile) {
    for (std::size_t k = 0; k < columns; ++k, tile += tile_tokens) {
        for (std::size_t t = 0; t < rows; ++t) tile[t] = x[t * stride + k];
        std::fill(tile + rows, tile + tile_tokens, 0.0F);
    }
}

SILICONBERT_CLONES
void multiply(const Chunk<float>& chunk, const float* bias, const float* tile, float* sums) {
    for (std::size_t o = 0; o < chunk.outputs; ++o) std::fill_n(sums + o * tile_tokens, tile_tokens, bias[o]);
    const float* weights = chunk.weights;
    for (const std::uint32_t row : chunk.block_rows) {
        const float* x = tile + row * chunk.steps * tile_tokens;
        for (std::size_t k = 0; k < chunk.steps; ++k, x += tile_tokens) {
            for (std::size_t o = 0; o < chunk.outputs; ++o) {
                const float weight = *weights++;
                for (std::size_t t = 0; t < tile_tokens; ++t) sums[o * tile_tokens + t] += weight * x[t];
            }
        }
    }
}

SILICONBERT_CLONES
void multiply_int8(const Chunk<std::int8_t>& chunk, const std::int32_t*, const std::int8_t* tile,
                   std::int32_t* sums) {
    std::fill_n(sums, chunk.outputs * tile_tokens, 0);
    const std::int8_t* weights = chunk.weights;
    for (const std::uint32_t row : chunk.block_rows) {
        const std::int8_t* x = tile + row * chunk.steps * tile_tokens * int8_inputs;
        for (std::size_t k = 0; k < chunk.steps; ++k, x += tile_tokens * int8_inputs) {
            for (std::size_t o = 0; o < chunk.outputs; ++o, weights += int8_inputs) {
                for (std::size_t t = 0; t < tile_tokens; ++t) {
                    std::int32_t sum = 0;
                    for (std::size_t i = 0; i < int8_inputs; ++i) {
                        sum += std::int32_t{weights[i]} * x[t * int8_inputs + i];
                    }
                    sums[o * tile_tokens + t] += sum;
                }
            }
        }
    }
}

void to_rows(const float* sums, std::size_t outputs, std::size_t rows, float* y, std::size_t stride) {
    for (std::size_t t = 0; t < rows; ++t) {
        for (std::size_t o = 0; o < outputs; ++o) y[t * stride + o] = sums[o * tile_tokens + t];
    }
}

bool anywhere() { return true; }

}  // namespace

const BlockKernel portable_block_kernel{"portable", anywhere, to_tile, multiply, multiply_int8, to_rows};

}  // namespace siliconbert
