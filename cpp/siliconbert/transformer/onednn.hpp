// What the oneDNN back ends share: its engine, and products run on the calling thread. Only they include
// this.
#pragma once

#include <cstdint>
#include <oneapi/dnnl/dnnl.hpp>
#include <string>
#include <unordered_map>
#include <vector>

namespace siliconbert::onednn {

using dnnl::memory;

inline const dnnl::engine& engine() {
    static const dnnl::engine cpu(dnnl::engine::kind::cpu, 0);
    return cpu;
}

inline memory::dim dim(std::size_t size) { return static_cast<memory::dim>(size); }

// The enumeration is a set of bits: every later set contains those of the earlier that it extends.
inline bool has(dnnl::cpu_isa set) {
    const auto wanted = static_cast<unsigned>(set);
    return (static_cast<unsigned>(dnnl::get_effective_cpu_isa()) & wanted) == wanted;
}

// Every call runs on the calling thread with scratch memory of that thread.
inline void run(const dnnl::matmul& product, const dnnl::matmul::primitive_desc& description,
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

inline void copy(memory from, memory to) {
    dnnl::stream stream(engine());
    dnnl::reorder(from, to).execute(stream, from, to);
    stream.wait();
}

inline std::string instruction_set() {
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

// Library, version and instruction set.
inline std::string name() {
    const dnnl_version_t* version = dnnl_version();
    return "onednn " + std::to_string(version->major) + "." + std::to_string(version->minor) + "." +
           std::to_string(version->patch) + " " + instruction_set();
}

}  // namespace siliconbert::onednn
