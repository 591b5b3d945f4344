#include "siliconbert/hardware/counts.hpp"

#include "siliconbert/base/check.hpp"

namespace siliconbert {

std::vector<Product> products(const LayerWork& work) {
    require(work.heads > 0 && work.hidden % work.heads == 0, "hardware: heads must divide hidden, got ",
            work.heads, " and ", work.hidden);
    require(work.heads_off <= work.heads, "hardware: heads_off must be in 0..", work.heads, ", got ",
            work.heads_off);
    require(work.density >= 0 && work.density <= 1, "hardware: density must be in 0..1, got ", work.density);
    const std::size_t head = work.hidden / work.heads;
    const std::size_t on = work.heads - work.heads_off;
    const std::size_t t = work.tokens_attention;
    const double kept = work.density;
    std::vector<Product> list{
        {"qkv", 3, t, on * head, work.hidden, kept},
        {"scores", on, t, t, head, 1},
        {"context", on, t, head, t, 1},
        {"output", 1, t, work.hidden, work.hidden, kept},
        {"ffn_up", 1, work.tokens_ffn, work.ffn, work.hidden, kept},
        {"ffn_down", 1, work.tokens_ffn, work.hidden, work.ffn, kept},
    };
    if (work.classes > 0) {
        // A pooler and a classifier on the first token (EdgeBERT's ramps, modeling_highway_albert_masked.py).
        list.push_back({"ramp", 1, 1, work.hidden, work.hidden, 1});
        list.push_back({"ramp", 1, 1, work.classes, work.hidden, 1});
    }
    return list;
}

}  // namespace siliconbert
