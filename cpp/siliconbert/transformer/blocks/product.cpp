#include "siliconbert/transformer/blocks/product.hpp"

#include "siliconbert/base/check.hpp"
#include "siliconbert/transformer/blocks/weights.hpp"

namespace siliconbert {

namespace {

bool fits(const BlockSize& size, const LinearSpec& spec) {
    return size.outputs <= spec.out && size.inputs <= spec.in;
}

std::unique_ptr<BlockProduct> make(const LinearSpec& spec, BlockColumns blocks, BlockNumber number,
                                   const BlockKernel& kernel) {
    return number == BlockNumber::int8 ? int8_block_product(spec, std::move(blocks), kernel)
                                       : fp32_block_product(spec, std::move(blocks), kernel);
}

}  // namespace

BlockNumber block_number_by_name(const std::string& name) {
    require(name == "fp32" || name == "int8", "block_product: number must be one of fp32, int8; got '", name,
            "'");
    return name == "fp32" ? BlockNumber::fp32 : BlockNumber::int8;
}

std::unique_ptr<BlockProduct> block_product(const LinearSpec& spec, const BlockSize& size, BlockNumber number,
                                            const BlockKernel& kernel) {
    require(size.outputs >= 1 && size.inputs >= 1 && fits(size, spec),
            "block_product: block must be 1 x 1 up to the weight's ", spec.out, " x ", spec.in, ", got ",
            size.outputs, " x ", size.inputs);
    return make(spec, find_blocks({spec.weight, spec.out, spec.in}, size.inputs, size.outputs), number,
                kernel);
}

}  // namespace siliconbert
