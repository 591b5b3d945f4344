#include "siliconbert/hardware/edgebert.hpp"

#include "siliconbert/base/check.hpp"

namespace siliconbert {

namespace {

std::size_t tiles(std::size_t size, std::size_t n) { return (size + n - 1) / n; }

// Output stationary: n cycles for each n x n x n tile, and n to drain each n x n result. Where n divides the
// sizes this is rows * columns * depth / n^2 + rows * columns / n.
double pu_cycles(const Product& product, std::size_t n) {
    const std::size_t results = tiles(product.rows, n) * tiles(product.columns, n);
    return static_cast<double>(product.count * results) *
           static_cast<double>((tiles(product.depth, n) + 1) * n);
}

// States per row of v vectors, from the SFU's SystemC (SMax.h, LayerNorm.h, ElemAdd.h, Enpy.h, Dvfs.h).
constexpr double softmax_states(double v) { return 9 * v + 1; }
constexpr double layer_norm_states(double v) { return 9 * v + 2; }
constexpr double add_states(double v) { return 6 * v + 1; }
constexpr double entropy_states(double v) { return 4 * v + 2; }
constexpr double kVoltageStates = 3;

}  // namespace

UnitCycles layer_cycles(const EdgebertUnits& units, const LayerWork& work) {
    require(units.n > 0, "hardware: n must be positive, got ", units.n);
    require(units.sfu_overlap >= 0 && units.sfu_overlap <= 1, "hardware: sfu_overlap must be in 0..1, got ",
            units.sfu_overlap);
    UnitCycles cycles;
    for (const Product& product : products(work)) cycles.pu += pu_cycles(product, units.n);
    const auto vectors = [&](std::size_t length) { return static_cast<double>(tiles(length, units.n)); };
    const auto attention = static_cast<double>(work.tokens_attention);
    // One addition and one normalisation after attention, one of each after the FFN.
    const double rows = attention + static_cast<double>(work.tokens_ffn);
    cycles.sfu = static_cast<double>(work.heads - work.heads_off) * attention * units.softmax_interval *
                     softmax_states(vectors(work.tokens_attention)) +
                 rows * units.layer_norm_interval * layer_norm_states(vectors(work.hidden)) +
                 rows * units.add_interval * add_states(vectors(work.hidden));
    if (work.classes > 0) cycles.sfu += units.entropy_interval * entropy_states(vectors(work.classes));
    cycles.sfu *= 1 - units.sfu_overlap;
    return cycles;
}

double voltage_cycles(const EdgebertUnits& units) { return units.voltage_interval * kVoltageStates; }

}  // namespace siliconbert
