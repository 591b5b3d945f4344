// The block kernels that there are, for the list in kernel.cpp.
#pragma once

#include "siliconbert/transformer/blocks/kernel.hpp"

namespace siliconbert {

extern const BlockKernel portable_block_kernel;
#if defined(__x86_64__)
extern const BlockKernel avx2_block_kernel;
extern const BlockKernel avx512_block_kernel;
extern const BlockKernel avx512_vnni_block_kernel;

void avx2_multiply_int8(const Chunk<std::int8_t>& chunk, const std::int32_t* weight_sums,
                        const std::int8_t* tile, std::int32_t* sums);
#endif

}  // namespace siliconbert
