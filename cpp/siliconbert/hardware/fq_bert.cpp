#include "siliconbert/hardware/fq_bert.hpp"

#include <algorithm>
#include <cmath>

#include "siliconbert/base/ceil_divide.hpp"
#include "siliconbert/base/check.hpp"

namespace siliconbert {

namespace {

double real(std::size_t size) { return static_cast<double>(size); }

double steps(std::size_t size, std::size_t by) { return real(ceil_divide(size, by)); }

void check(const FqBertDesign& design, const FqBertRates& rates) {
    require(design.pus > 0 && design.pes > 0, "fq_bert: pus and n must be positive, got ", design.pus,
            " and ", design.pes);
    require(design.multipliers > 0 && design.multipliers % 2 == 0,
            "fq_bert: m must be even and positive, got ", design.multipliers);
    require(rates.weight_bits >= 1 && rates.weight_bits <= 8, "fq_bert: weight_bits must be in 1..8, got ",
            rates.weight_bits);
    require(rates.overhead >= 1 && rates.bus_bytes > 0,
            "fq_bert: overhead must be at least 1 and bus_bytes positive, got ", rates.overhead, " and ",
            rates.bus_bytes);
}

// Columns over all PEs, the depth over a PE's multipliers.
double linear_cycles(const FqBertDesign& design, const FqBertRates& rates, const Product& p) {
    const std::size_t at_once = rates.weight_bits > 4 ? design.multipliers / 2 : design.multipliers;
    return real(p.count) * real(p.rows) * steps(p.columns, design.pus * design.pes) * steps(p.depth, at_once);
}

// One of `heads` equal products: heads over PUs, columns over the PEs of those that share a head.
double attention_cycles(const FqBertDesign& design, const Product& p, std::size_t heads) {
    const std::size_t sharing = std::max<std::size_t>(1, design.pus / heads);
    const double rounds = steps(heads, design.pus);
    return rounds / real(heads) * real(p.count) * real(p.rows) * steps(p.columns, design.pes * sharing) *
           steps(p.depth, design.multipliers / 2);
}

// Activations that a layer keeps at once: its input, Q, K, V and all scores, or its input, the FFN's inside
// and output.
double kept_activations(const LayerWork& work) {
    const double t = real(work.tokens_attention), width = real(work.hidden);
    return std::max(t * (4 * width + real(work.reach.size()) * t), t * (2 * width + real(work.ffn)));
}

// What a layer asks for, counted once for all designs.
struct Asked {
    explicit Asked(const LayerWork& layer) : work(layer), list(products(layer)), counts(count(layer)) {}
    LayerWork work;
    std::vector<Product> list;
    Counts counts;
};

FqBertCycles cycles_of(const FqBertDesign& design, const FqBertRates& rates, const Asked& asked) {
    FqBertCycles cycles;
    for (const Product& p : asked.list) {
        if (p.empty()) continue;
        if (!p.weights) {
            cycles.attention += rates.overhead * attention_cycles(design, p, asked.work.reach.size());
            continue;
        }
        const double busy = rates.overhead * linear_cycles(design, rates, p);
        const double bytes = real(p.count) * real(p.columns) * real(p.depth) * rates.weight_bits / 8;
        cycles.linear += busy;
        cycles.weight_bytes += bytes;
        cycles.transfer += std::max(0.0, bytes / rates.bus_bytes - busy);
    }
    cycles.simd = asked.counts.softmax_rows * steps(asked.work.tokens_attention, design.multipliers) +
                  asked.counts.layer_norm_rows * steps(asked.work.hidden, design.multipliers);
    return cycles;
}

}  // namespace

FqBertCycles fq_bert_cycles(const FqBertDesign& design, const FqBertRates& rates, const LayerWork& work) {
    check(design, rates);
    return cycles_of(design, rates, Asked(work));
}

double resource(const FqBertLine& line, const FqBertDesign& design) {
    return line.base + line.multiplier * design.all_multipliers() + line.pe * design.all_pes() +
           line.lane * real(design.multipliers);
}

std::vector<FqBertPoint> fq_bert_points(std::span<const FqBertDesign> designs, const FqBertRates& rates,
                                        const FqBertResources& resources, const LayerWork& work) {
    const Asked asked(work);
    std::vector<FqBertPoint> points;
    points.reserve(designs.size());
    for (const FqBertDesign& design : designs) {
        check(design, rates);
        const double more =
            bim_logic_bits(design.bim, design.multipliers) - bim_logic_bits(Bim::after, design.multipliers);
        points.push_back({.cycles = cycles_of(design, rates, asked),
                          .dsp = resource(resources.dsp, design),
                          .ff = resource(resources.ff, design),
                          .lut = resource(resources.lut, design) + design.all_pes() * more,
                          .memory = fq_bert_memory(design, rates, resources.blocks, work)});
    }
    return points;
}

FqBertMemory fq_bert_memory(const FqBertDesign& design, const FqBertRates& rates,
                            const std::vector<BlockShape>& blocks, const LayerWork& work) {
    check(design, rates);
    constexpr double kSumBits = 32, kActivationBits = 8;
    const double lanes = real(design.multipliers), tokens = real(work.tokens_attention);
    const double word = lanes * rates.weight_bits;
    const double column = steps(std::max(work.hidden, work.ffn), design.multipliers);
    const auto bank = [&](double words, double width) { return separate_blocks(blocks, words, width, 1); };
    const double one = bank(2 * column, word) + bank(2 * tokens, kSumBits);
    const double two = 2 * bank(column, word) + 2 * bank(tokens, kSumBits);
    const double kept = lanes * bank(std::ceil(kept_activations(work) / lanes), kActivationBits);
    return {design.all_pes() * one + kept, design.all_pes() * two + kept, kept};
}

}  // namespace siliconbert
