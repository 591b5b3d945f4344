// The oneDNN back end of integer products, in the same library as that of float ones: VNNI or AMX, picked at
// run time.
#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "siliconbert/transformer/integer/products.hpp"
#include "siliconbert/transformer/onednn.hpp"

namespace siliconbert {

namespace {

using dnnl::memory;
using onednn::dim;
using onednn::engine;
using Dims = memory::dims;
using Type = memory::data_type;

// A product of given operands, made once; calls may run side by side.
class Product {
 public:
    Product(memory::desc left, memory::desc right, memory::desc out)
        : left_(std::move(left)),
          out_(std::move(out)),
          description_(engine(), left_, right, out_, attributes()),
          right_(description_.weights_desc()),
          product_(description_) {}

    const memory::desc& right() const { return right_; }

    void apply(const void* left, const void* right, std::int32_t* sums) const {
        onednn::run(product_, description_,
                    {{DNNL_ARG_SRC, memory(left_, engine(), const_cast<void*>(left))},
                     {DNNL_ARG_WEIGHTS, memory(right_, engine(), const_cast<void*>(right))},
                     {DNNL_ARG_DST, memory(out_, engine(), sums)}});
    }

 private:
    static dnnl::primitive_attr attributes() {
        dnnl::primitive_attr attr;
        attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
        return attr;
    }

    memory::desc left_;
    memory::desc out_;
    dnnl::matmul::primitive_desc description_;
    memory::desc right_;
    dnnl::matmul product_;
};

memory::desc matrix(std::size_t rows, std::size_t columns, Type type, memory::format_tag order) {
    return {{dim(rows), dim(columns)}, type, order};
}

// Packed weights (in x out of one chunk), and its products for every number of row units.
class Chunk {
 public:
    Chunk(std::span<const std::int8_t> weight, std::size_t in, std::size_t out) {
        const auto product = [&](std::size_t rows, const memory::desc& packed) {
            return std::make_unique<Product>(matrix(rows, in, Type::s8, memory::format_tag::ab), packed,
                                             matrix(rows, out, Type::s32, memory::format_tag::ab));
        };
        products_.back() = product(integer_row_block, matrix(in, out, Type::s8, memory::format_tag::any));
        const memory::desc& packed = products_.back()->right();
        for (std::size_t p = 0; p + 1 < products_.size(); ++p)
            products_[p] = product((p + 1) * row_unit, packed);
        weight_ = memory(packed, engine());
        const memory::desc given = matrix(in, out, Type::s8, memory::format_tag::ba);
        onednn::copy(memory(given, engine(), const_cast<std::int8_t*>(weight.data())), weight_);
    }

    void apply(const std::int8_t* x, std::size_t rows, std::int32_t* sums) const {
        products_[rows / row_unit - 1]->apply(x, weight_.get_data_handle(), sums);
    }

 private:
    std::array<std::unique_ptr<Product>, integer_row_block / row_unit> products_;
    memory weight_;
};

class OnednnIntegerLinear final : public IntegerLinear {
 public:
    OnednnIntegerLinear(std::span<const std::int8_t> weight, std::size_t in, std::size_t out) {
        for (std::size_t first = 0; first < out; first += column_chunk) {
            const std::size_t columns = std::min(column_chunk, out - first);
            chunks_.emplace_back(weight.subspan(first * in, columns * in), in, columns);
        }
    }

    void apply(const std::int8_t* x, std::size_t rows, std::size_t chunk, std::int32_t* sums) const override {
        chunks_[chunk].apply(x, rows, sums);
    }

 private:
    std::vector<Chunk> chunks_;
};

class OnednnIntegerAttention final : public IntegerAttention {
 public:
    explicit OnednnIntegerAttention(const IntegerAttentionSpec& spec)
        : scores_(head_rows(spec, spec.stride, Type::s8), head_columns(spec), table(spec, Type::s32)),
          context_(table(spec, Type::u8), head_rows(spec, spec.stride, Type::s8),
                   head_rows(spec, spec.heads * spec.head_width, Type::s32)) {}

    void scores(const std::int8_t* q, const std::int8_t* k, std::int32_t* sums) const override {
        scores_.apply(q, k, sums);
    }
    void context(const std::uint8_t* probabilities, const std::int8_t* v, std::int32_t* sums) const override {
        context_.apply(probabilities, v, sums);
    }

 private:
    // heads x tokens x head_width inside rows that are `stride` apart.
    static memory::desc head_rows(const IntegerAttentionSpec& spec, std::size_t stride, Type type) {
        return {{dim(spec.heads), dim(spec.tokens), dim(spec.head_width)},
                type,
                Dims{dim(spec.head_width), dim(stride), 1}};
    }

    // The same codes as heads x head_width x tokens.
    static memory::desc head_columns(const IntegerAttentionSpec& spec) {
        return {{dim(spec.heads), dim(spec.head_width), dim(spec.tokens)},
                Type::s8,
                Dims{dim(spec.head_width), 1, dim(spec.stride)}};
    }

    static memory::desc table(const IntegerAttentionSpec& spec, Type type) {
        return {{dim(spec.heads), dim(spec.tokens), dim(spec.tokens)}, type, memory::format_tag::abc};
    }

    Product scores_;
    Product context_;
};

class OnednnIntegerProducts final : public IntegerProducts {
 public:
    std::string name() const override { return onednn::name(); }

    std::unique_ptr<IntegerLinear> linear(std::span<const std::int8_t> weight, std::size_t in,
                                          std::size_t out) const override {
        return std::make_unique<OnednnIntegerLinear>(weight, in, out);
    }

    // Kernels are generated per length; they are kept, since sentences of one length come again.
    std::shared_ptr<const IntegerAttention> attention(const IntegerAttentionSpec& spec) const override {
        const std::lock_guard<std::mutex> lock(mutex_);
        auto& entry = attention_[spec];
        if (!entry) entry = std::make_shared<OnednnIntegerAttention>(spec);
        return entry;
    }

 private:
    mutable std::mutex mutex_;
    mutable std::map<IntegerAttentionSpec, std::shared_ptr<const IntegerAttention>> attention_;
};

}  // namespace

}  // namespace siliconbert

extern "C" __attribute__((visibility("default"))) siliconbert::IntegerProducts*
siliconbert_onednn_integer_products() {
    using siliconbert::onednn::has;
    if (!has(dnnl::cpu_isa::avx512_core_vnni) && !has(dnnl::cpu_isa::avx2_vnni)) return nullptr;
    return new siliconbert::OnednnIntegerProducts();
}
