// The block kernels that there are, for the list in kernel.cpp.
#pragma once

#include "siliconbert/transformer/blocks/kernel.hpp"

namespace siliconbert {

extern const BlockKernel portable_block_kernel;
#if defined(__x86_64__)
extern const BlockKernel avx2_block_kernel;
extern const BlockKernel avx512_block_kernel;
#endif

}  // namespace siliconbert
