// The back end of networks whose weights are block-sparse.
#include <vector>

#include "siliconbert/base/check.hpp"
#include "siliconbert/transformer/blocks/product.hpp"
#include "siliconbert/transformer/blocks/weights.hpp"
#include "siliconbert/transformer/elementwise.hpp"

namespace siliconbert {

namespace {

// With more blocks than this share the dense product is about as fast.
constexpr double densest = 0.5;

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

class BlockSparseProducts final : public Products {
 public:
    BlockSparseProducts(std::shared_ptr<const Products> dense, const BlockSize& size, BlockNumber number)
        : dense_(std::move(dense)), size_(size), number_(number) {}

    std::string name() const override {
        return say(dense_->name(), ", blocks ", size_.outputs, "x", size_.inputs, " ", block_kernel().name,
                   number_ == BlockNumber::int8 ? " int8," : ",");
    }

    bool fast_bf16() const override { return false; }

    std::unique_ptr<Linear> linear(const LinearSpec& spec) const override {
        if (!by_blocks(spec)) return dense_->linear(spec);
        return std::make_unique<BlockLinear>(spec, block_product(spec, size_, number_, block_kernel()));
    }

    std::shared_ptr<const AttentionProducts> attention(const AttentionSpec& spec) const override {
        return dense_->attention(spec);
    }

 private:
    bool by_blocks(const LinearSpec& spec) const {
        if (size_.outputs > spec.out || size_.inputs > spec.in) return false;
        const WeightView<float> weight{spec.weight, spec.out, spec.in};
        return density(find_blocks(weight, size_.inputs, size_.outputs), weight) <= densest;
    }

    std::shared_ptr<const Products> dense_;
    BlockSize size_;
    BlockNumber number_;
};

}  // namespace

std::shared_ptr<const Products> block_products(std::shared_ptr<const Products> dense, const BlockSize& size,
                                               BlockNumber number) {
    require(size.outputs >= 1 && size.inputs >= 1, "block_products: block must be at least 1 x 1, got ",
            size.outputs, " x ", size.inputs);
    return std::make_shared<BlockSparseProducts>(std::move(dense), size, number);
}

}  // namespace siliconbert
