// The oneDNN back end, built as a library of its own: fp32 and bf16 products by kernels picked for the
// processor at run time. It shares only the interface of products.hpp with the core.
#include <cstdint>
#include <map>
#include <mutex>
#include <oneapi/dnnl/dnnl.hpp>
#include <string>
#include <unordered_map>
#include <vector>

#include "siliconbert/transformer/onednn.hpp"
#include "siliconbert/transformer/products.hpp"

namespace siliconbert {

namespace {

using dnnl::memory;
using onednn::dim;
using onednn::engine;
using Dims = memory::dims;

memory::data_type type_of(Number number) {
    return number == Number::bf16 ? memory::data_type::bf16 : memory::data_type::f32;
}

dnnl::primitive_attr attributes(Activation activation = Activation::none) {
    dnnl::primitive_attr attr;
    attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    const std::map<Activation, dnnl::algorithm> algorithms{
        {Activation::relu, dnnl::algorithm::eltwise_relu},
        {Activation::gelu, dnnl::algorithm::eltwise_gelu_erf},
        {Activation::gelu_new, dnnl::algorithm::eltwise_gelu_tanh},
        {Activation::tanh, dnnl::algorithm::eltwise_tanh}};
    if (const auto found = algorithms.find(activation); found != algorithms.end()) {
        dnnl::post_ops after;
        after.append_eltwise(found->second, 0, 0);
        attr.set_post_ops(after);
    }
    return attr;
}

class OnednnLinear final : public Linear {
 public:
    explicit OnednnLinear(const LinearSpec& spec)
        : source_({dim(spec.rows), dim(spec.in)}, type_of(spec.number), memory::format_tag::ab),
          bias_({1, dim(spec.out)}, memory::data_type::f32, memory::format_tag::ab),
          target_({dim(spec.rows), dim(spec.out)}, memory::data_type::f32, memory::format_tag::ab),
          description_(
              engine(), source_,
              memory::desc({dim(spec.in), dim(spec.out)}, type_of(spec.number), memory::format_tag::any),
              bias_, target_, attributes(spec.activation)),
          product_(description_),
          weight_memory_(description_.weights_desc(), engine()),
          bias_memory_(bias_, engine()) {
        const memory::desc given({dim(spec.in), dim(spec.out)}, memory::data_type::f32,
                                 memory::format_tag::ba);
        onednn::copy(memory(given, engine(), const_cast<float*>(spec.weight.data())), weight_memory_);
        onednn::copy(memory(bias_, engine(), const_cast<float*>(spec.bias.data())), bias_memory_);
    }

    void apply(const void* x, float* y) const override {
        onednn::run(product_, description_,
                    {{DNNL_ARG_SRC, memory(source_, engine(), const_cast<void*>(x))},
                     {DNNL_ARG_WEIGHTS, weight_memory_},
                     {DNNL_ARG_BIAS, bias_memory_},
                     {DNNL_ARG_DST, memory(target_, engine(), y)}});
    }

 private:
    memory::desc source_;
    memory::desc bias_;
    memory::desc target_;
    dnnl::matmul::primitive_desc description_;
    dnnl::matmul product_;
    memory weight_memory_;
    memory bias_memory_;
};

// A batched product over heads.
class HeadProduct {
 public:
    HeadProduct(memory::desc left, memory::desc right, memory::desc out)
        : left_(std::move(left)),
          right_(std::move(right)),
          out_(std::move(out)),
          description_(engine(), left_, right_, out_, attributes()),
          product_(description_) {}

    void apply(const void* left, const void* right, float* out) const {
        onednn::run(product_, description_,
                    {{DNNL_ARG_SRC, memory(left_, engine(), const_cast<void*>(left))},
                     {DNNL_ARG_WEIGHTS, memory(right_, engine(), const_cast<void*>(right))},
                     {DNNL_ARG_DST, memory(out_, engine(), out)}});
    }

 private:
    memory::desc left_;
    memory::desc right_;
    memory::desc out_;
    dnnl::matmul::primitive_desc description_;
    dnnl::matmul product_;
};

// heads x rows x head_width inside rows that are `stride` values apart; transposed: heads x head_width x
// keys.
memory::desc head_rows(const AttentionSpec& spec, std::size_t rows, std::size_t stride,
                       memory::data_type type) {
    return {
        {dim(spec.heads), dim(rows), dim(spec.head_width)}, type, Dims{dim(spec.head_width), dim(stride), 1}};
}

memory::desc head_columns(const AttentionSpec& spec) {
    return {{dim(spec.heads), dim(spec.head_width), dim(spec.keys)},
            type_of(spec.number),
            Dims{dim(spec.head_width), 1, dim(spec.stride)}};
}

memory::desc tables(const AttentionSpec& spec, memory::data_type type) {
    return {{dim(spec.heads), dim(spec.queries), dim(spec.keys)}, type, memory::format_tag::abc};
}

class OnednnAttention final : public AttentionProducts {
 public:
    explicit OnednnAttention(const AttentionSpec& spec)
        : scores_(head_rows(spec, spec.queries, spec.stride, type_of(spec.number)), head_columns(spec),
                  tables(spec, memory::data_type::f32)),
          context_(tables(spec, type_of(spec.number)),
                   head_rows(spec, spec.keys, spec.stride, type_of(spec.number)),
                   head_rows(spec, spec.queries, spec.heads * spec.head_width, memory::data_type::f32)) {}

    void scores(const void* q, const void* k, float* scores) const override { scores_.apply(q, k, scores); }
    void context(const void* probabilities, const void* v, float* context) const override {
        context_.apply(probabilities, v, context);
    }

 private:
    HeadProduct scores_;
    HeadProduct context_;
};

class OnednnProducts final : public Products {
 public:
    std::string name() const override { return onednn::name(); }

    bool fast_bf16() const override { return onednn::has(dnnl::cpu_isa::avx512_core_bf16); }

    // By asking, oneDNN got the system's permission for the whole process.
    bool tiles() const override { return onednn::has(dnnl::cpu_isa::avx512_core_amx); }

    std::unique_ptr<Linear> linear(const LinearSpec& spec) const override {
        return std::make_unique<OnednnLinear>(spec);
    }

    // Kernels are generated per length; they are kept, since sentences of one length come again.
    std::shared_ptr<const AttentionProducts> attention(const AttentionSpec& spec) const override {
        const std::lock_guard<std::mutex> lock(mutex_);
        auto& entry = attention_[spec];
        if (!entry) entry = std::make_shared<OnednnAttention>(spec);
        return entry;
    }

 private:
    mutable std::mutex mutex_;
    mutable std::map<AttentionSpec, std::shared_ptr<const AttentionProducts>> attention_;
};

}  // namespace

}  // namespace siliconbert

extern "C" __attribute__((visibility("default"))) siliconbert::Products* siliconbert_onednn_products() {
    return new siliconbert::OnednnProducts();
}
