#include "siliconbert/transformer/blocks/product.hpp"

#include <vector>

#include "siliconbert/base/check.hpp"
#include "siliconbert/transformer/blocks/weights.hpp"
#include "siliconbert/transformer/elementwise.hpp"

namespace siliconbert {

namespace {

// With more blocks than this share the dense product is about as fast.
constexpr double densest = 0.5;

bool fits(const BlockSize& size, const LinearSpec& spec) {
    return size.outputs <= spec.out && size.inputs <= spec.in;
}

std::unique_ptr<BlockProduct> make(const LinearSpec& spec, BlockColumns blocks, BlockNumber number,
                                   const BlockKernel& kernel) {
    return number == BlockNumber::int8 ? int8_block_product(spec, std::move(blocks), kernel)
                                       : fp32_block_product(spec, std::move(blocks), kernel);
}

class BlockLinear final : public Linear {
 public:
    BlockLinear(const LinearSpec& spec, std::unique_ptr<BlockProduct> product)
        : rows_(spec.rows), activation_(spec.activation), added_(spec.out), product_(std::move(product)) {}

    void apply(const void* x, float* y) const override {
        product_->apply(static_cast<const float*>(x), rows_, y, 1);
        if (activation_ == Activation::none) return;
        bias_activation_rows(y, added_.data(), rows_, added_.size(), activation_);
    }

 private:
    std::size_t rows_;
    Activation activation_;
    std::vector<float> added_;  // zeros: the product has the bias
    std::unique_ptr<BlockProduct> product_;
};

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

std::unique_ptr<Linear> block_linear(const LinearSpec& spec, const BlockProducts& how) {
    if (!fits(how.size, spec)) return nullptr;
    const WeightView<float> weight{spec.weight, spec.out, spec.in};
    BlockColumns blocks = find_blocks(weight, how.size.inputs, how.size.outputs);
    if (density(blocks, weight) > densest) return nullptr;
    return std::make_unique<BlockLinear>(spec, make(spec, std::move(blocks), how.number, block_kernel()));
}

}  // namespace siliconbert
