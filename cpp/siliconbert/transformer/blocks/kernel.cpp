#include "siliconbert/transformer/blocks/kernel.hpp"

#include "siliconbert/base/check.hpp"
#include "siliconbert/transformer/blocks/kernels.hpp"

namespace siliconbert {

std::span<const BlockKernel* const> block_kernels() {
    static const BlockKernel* const all[] = {
#if defined(__x86_64__)
        &avx512_vnni_block_kernel,
        &avx512_block_kernel,
        &avx2_block_kernel,
#endif
        &portable_block_kernel,
    };
    return all;
}

const BlockKernel& block_kernel(const std::string& name) {
    std::string known;
    for (const BlockKernel* kernel : block_kernels()) {
        if (!kernel->runs_here()) continue;
        if (name.empty() || name == kernel->name) return *kernel;
        known += (known.empty() ? "" : ", ") + std::string(kernel->name);
    }
    throw std::invalid_argument(say("block_kernel: name must be one of those that run on this processor, ",
                                    known, "; got '", name, "'"));
}

}  // namespace siliconbert
