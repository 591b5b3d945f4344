// The inner loops of a block-sparse product. Activations come token-minor: a tile holds 32 tokens side by
// side for every input, so that one weight meets a vector of tokens whatever the block's shape.
//
//   tile[input][token]        fp32: 32 floats an input
//   tile[input / 4][token][4] int8: 4 inputs of a token side by side, for instructions that sum 4 products
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace siliconbert {

inline constexpr std::size_t tile_tokens = 32;
// Outputs whose sums are held in registers together.
inline constexpr std::size_t chunk_outputs = 8;
inline constexpr std::size_t int8_inputs = 4;

// Some outputs (1..8) of a block column: its blocks, and for each of them steps x outputs weights (fp32) or
// steps x outputs x 4 (int8). A step is one input, or 4 in int8.
template <class Weight>
struct Chunk {
    std::size_t outputs;
    std::span<const std::uint32_t> block_rows;
    std::size_t steps;
    const Weight* weights;
};

struct BlockKernel {
    const char* name;
    bool (*runs_here)();
    // tile[column][token] = x[token][column]; tokens from `rows` (at most 32) on are zero.
    void (*to_tile)(const float* x, std::size_t stride, std::size_t rows, std::size_t columns, float* tile);
    // sums[output][token] = bias[output] + the products, in the order of inputs.
    void (*multiply)(const Chunk<float>& chunk, const float* bias, const float* tile, float* sums);
    // The exact integer sums of codes in -127..127. weight_sums: of each output, all its weights.
    void (*multiply_int8)(const Chunk<std::int8_t>& chunk, const std::int32_t* weight_sums,
                          const std::int8_t* tile, std::int32_t* sums);
    // y[token][output] = sums[output][token] of the first `rows` tokens.
    void (*to_rows)(const float* sums, std::size_t outputs, std::size_t rows, float* y, std::size_t stride);
};

// From the fastest to the one that runs anywhere.
std::span<const BlockKernel* const> block_kernels();
// The fastest that runs on this processor, or the one of that name; throws where that is unknown or does not
// run here.
const BlockKernel& block_kernel(const std::string& name = "");

}  // namespace siliconbert
