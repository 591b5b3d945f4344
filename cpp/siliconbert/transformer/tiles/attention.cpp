#include "siliconbert/transformer/tiles/attention.hpp"

#include "siliconbert/transformer/tiles/product.hpp"

namespace siliconbert {

namespace {

class TileAttention final : public AttentionProducts {
 public:
    explicit TileAttention(const AttentionSpec& spec) : spec_(spec) {}

    void scores(const void* q, const void* k, float* scores) const override {
        const tiles::Session session;
        const auto [queries, keys, heads, width, stride, number] = spec_;
        for (std::size_t h = 0; h < heads; ++h) {
            session.left({head(q, h), queries, width, stride});
            session.right_transposed({head(k, h), keys, width, stride});
            session.multiply({queries, keys, width}, scores + h * queries * keys, keys);
        }
    }

    void context(const void* probabilities, const void* v, float* context) const override {
        const tiles::Session session;
        const auto [queries, keys, heads, width, stride, number] = spec_;
        const auto* shares = static_cast<const std::uint16_t*>(probabilities);
        for (std::size_t h = 0; h < heads; ++h) {
            session.left({shares + h * queries * keys, queries, keys, keys});
            session.right({head(v, h), keys, width, stride});
            session.multiply({queries, width, keys}, context + h * width, heads * width);
        }
    }

 private:
    const std::uint16_t* head(const void* rows, std::size_t h) const {
        return static_cast<const std::uint16_t*>(rows) + h * spec_.head_width;
    }

    AttentionSpec spec_;
};

class TileProducts final : public Products {
 public:
    explicit TileProducts(std::shared_ptr<const Products> others) : others_(std::move(others)) {}

    std::string name() const override { return others_->name(); }
    bool fast_bf16() const override { return others_->fast_bf16(); }
    bool tiles() const override { return others_->tiles(); }
    std::unique_ptr<Linear> linear(const LinearSpec& spec) const override { return others_->linear(spec); }
    std::shared_ptr<const AttentionProducts> attention(const AttentionSpec& spec) const override {
        if (spec.number != Number::bf16) return others_->attention(spec);
        return std::make_shared<TileAttention>(spec);
    }

 private:
    std::shared_ptr<const Products> others_;
};

}  // namespace

std::shared_ptr<const Products> with_tiles(std::shared_ptr<const Products> products) {
    if (!tiles::built || !products->tiles()) return products;
    return std::make_shared<TileProducts>(std::move(products));
}

}  // namespace siliconbert
