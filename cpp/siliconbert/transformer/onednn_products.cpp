// The oneDNN back end, built as a library of its own: fp32 and bf16 products by kernels picked for the
// processor at run time. It shares only the interface of products.hpp with the core.
#include <cstdint>
#include <map>
#include <mutex>
#include <oneapi/dnnl/dnnl.hpp>
#include <string>
#include <unordered_map>
#include <vector>

#include "siliconbert/transformer/products.hpp"

namespace siliconbert {

namespace {

using dnnl::memory;
using Dims = memory::dims;

const dnnl::engine& engine() {
    static const dnnl::engine cpu(dnnl::engine::kind::cpu, 0);
    return cpu;
}

memory::dim dim(std::size_t size) { return static_cast<memory::dim>(size); }

memory::data_type type_of(Number number) {
    return number == Number::bf16 ? memory::data_type::bf16 : memory::data_type::f32;
}

// Every call runs on the calling thread with scratch memory of that thread.
void run(const dnnl::matmul& product, const dnnl::matmul::primitive_desc& description,
         std::unordered_map<int, memory> arguments) {
    thread_local std::vector<std::uint8_t> scratch;
    thread_local dnnl::stream stream(engine());
    const auto scratch_desc = description.scratchpad_desc();
    if (scratch.size() < scratch_desc.get_size() + 64) scratch.resize(scratch_desc.get_size() + 64);
    const auto aligned = (reinterpret_cast<std::uintptr_t>(scratch.data()) + 63) / 64 * 64;
    arguments.insert({DNNL_ARG_SCRATCHPAD, memory(scratch_desc, engine(), reinterpret_cast<void*>(aligned))});
    product.execute(stream, arguments);
    stream.wait();
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
        copy(memory(given, engine(), const_cast<float*>(spec.weight.data())), weight_memory_);
        copy(memory(bias_, engine(), const_cast<float*>(spec.bias.data())), bias_memory_);
    }

    void apply(const void* x, float* y) const override {
        run(product_, description_,
            {{DNNL_ARG_SRC, memory(source_, engine(), const_cast<void*>(x))},
             {DNNL_ARG_WEIGHTS, weight_memory_},
             {DNNL_ARG_BIAS, bias_memory_},
             {DNNL_ARG_DST, memory(target_, engine(), y)}});
    }

 private:
    static void copy(memory from, memory to) {
        dnnl::stream stream(engine());
        dnnl::reorder(from, to).execute(stream, from, to);
        stream.wait();
    }

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
        run(product_, description_,
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

std::string instruction_set() {
    switch (dnnl::get_effective_cpu_isa()) {
        case dnnl::cpu_isa::sse41:
            return "sse41";
        case dnnl::cpu_isa::avx:
            return "avx";
        case dnnl::cpu_isa::avx2:
            return "avx2";
        case dnnl::cpu_isa::avx2_vnni:
            return "avx2_vnni";
        case dnnl::cpu_isa::avx512_core:
            return "avx512_core";
        case dnnl::cpu_isa::avx512_core_vnni:
            return "avx512_core_vnni";
        case dnnl::cpu_isa::avx512_core_bf16:
            return "avx512_core_bf16";
        case dnnl::cpu_isa::avx512_core_fp16:
            return "avx512_core_fp16";
        case dnnl::cpu_isa::avx512_core_amx:
            return "avx512_core_amx";
        case dnnl::cpu_isa::avx512_core_amx_fp16:
            return "avx512_core_amx_fp16";
        default:
            return "other";
    }
}

class OnednnProducts final : public Products {
 public:
    std::string name() const override {
        const dnnl_version_t* version = dnnl_version();
        return "onednn " + std::to_string(version->major) + "." + std::to_string(version->minor) + "." +
               std::to_string(version->patch) + " " + instruction_set();
    }

    // The enumeration is a set of bits: every later set contains bf16's.
    bool fast_bf16() const override {
        const auto bf16 = static_cast<unsigned>(dnnl::cpu_isa::avx512_core_bf16);
        return (static_cast<unsigned>(dnnl::get_effective_cpu_isa()) & bf16) == bf16;
    }

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
