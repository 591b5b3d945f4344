// y = x W^T + b where most blocks of W are zero: only the others are stored and multiplied.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "siliconbert/base/words.hpp"
#include "siliconbert/transformer/blocks/kernel.hpp"
#include "siliconbert/transformer/products.hpp"

namespace siliconbert {

// What the two sides of a block product are held in. int8: W by one scale for each output, x by one for each
// row, both max |value| / 127, products summed exactly.
enum class BlockNumber { fp32, int8 };

BlockNumber block_number_by_name(const std::string& name);

// So many outputs and inputs of a weight, which is stored out x in.
struct BlockSize {
    std::size_t outputs = 16;
    std::size_t inputs = 16;
};

class BlockProduct {
 public:
    virtual ~BlockProduct() = default;
    virtual const BlockColumns& blocks() const = 0;
    // x: rows x in; y: rows x out, both row-major. The bits of a row do not depend on what stands beside it,
    // nor on the threads.
    virtual void apply(const float* x, std::size_t rows, float* y, int threads) const = 0;
};

// Weight and bias of `spec`; its activation is left to the caller. Blocks are kept where the weight has a
// value other than zero; what a row holds where they are not, NaN for instance, does not reach the result.
std::unique_ptr<BlockProduct> block_product(const LinearSpec& spec, const BlockSize& size, BlockNumber number,
                                            const BlockKernel& kernel);

std::unique_ptr<BlockProduct> fp32_block_product(const LinearSpec& spec, BlockColumns blocks,
                                                 const BlockKernel& kernel);
std::unique_ptr<BlockProduct> int8_block_product(const LinearSpec& spec, BlockColumns blocks,
                                                 const BlockKernel& kernel);

// The back end `dense` but for weights of which at most half of the blocks are kept: those are multiplied by
// blocks. Products of both are in fp32 on the outside.
std::shared_ptr<const Products> block_products(std::shared_ptr<const Products> dense, const BlockSize& size,
                                               BlockNumber number);

}  // namespace siliconbert
