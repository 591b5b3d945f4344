#include "siliconbert/hardware/fpga.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "siliconbert/base/check.hpp"

namespace siliconbert {

namespace {

// Several blocks at once where there are more units than values in a block: columns are shared out.
double block_slots(double block, double units) {
    return units <= block ? std::ceil(block / units) : block / units;
}

// The last term: the next block column waits until the sums of this one are there.
double product_slots(const BlockProduct& product, double units, double add_cycles) {
    const double one = block_slots(product.block, units);
    return product.columns * (product.keep * one + std::min(one, add_cycles));
}

double attention_slots(const FpgaOperator& op, const FpgaConstants& c, double lanes) {
    const double scores = std::ceil(op.window * op.head_width / lanes);
    return 2 * scores + c.attention_passes * op.window + c.attention_flush;
}

}  // namespace

double slots(const FpgaOperator& op, const FpgaConstants& c, const Arithmetic& arithmetic, double rows,
             double lanes) {
    require(lanes >= 1, "fpga: parallelism must be at least 1, got ", lanes);
    if (op.kind == FpgaKind::kAttention) return rows * attention_slots(op, c, lanes);
    if (op.kind == FpgaKind::kAddNorm) {
        return rows * (c.add_norm_loops * std::ceil(op.width / lanes) + c.add_norm_flush);
    }
    double sum = 0;
    for (const BlockProduct& product : op.products)
        sum += product_slots(product, lanes, arithmetic.add_cycles);
    if (op.relu > 0) sum += op.relu / c.relu_lanes + c.relu_flush;
    return rows * sum;
}

FpgaAmounts amounts(const FpgaOperator& op, const FpgaConstants& c, const Arithmetic& a, double lanes) {
    require(lanes >= 1, "fpga: parallelism must be at least 1, got ", lanes);
    const auto dsp = [&](double multiplies, double adds, double exps) {
        return multiplies * a.multiply_dsp + adds * a.add_dsp + exps * a.exp_dsp;
    };
    if (op.kind == FpgaKind::kAttention) {
        const double lane = dsp(c.attention_multiplies, c.attention_adds, 0);
        const double softmax = dsp(c.softmax_multiplies, c.softmax_adds, c.softmax_exps);
        const double all = op.heads * lanes * a.fabric;
        return {op.heads * (lane * lanes + softmax), c.attention_ff * all, c.attention_lut * all};
    }
    if (op.kind == FpgaKind::kAddNorm) {
        const double lane = dsp(c.add_norm_multiplies, c.add_norm_adds, 0);
        return {lane * lanes + dsp(c.add_norm_scalar_multiplies, 0, 0), c.add_norm_ff * lanes * a.fabric,
                c.add_norm_lut * lanes * a.fabric};
    }
    return {dsp(1, 1, 0) * lanes + std::nearbyint(lanes / c.product_group) + c.product_base,
            a.fabric * (c.product_ff * lanes + c.product_ff_base + op.row_registers * c.row_registers_ff),
            a.fabric * (c.product_lut * lanes + c.product_lut_base + op.row_registers * c.row_registers_lut)};
}

double weight_words(const FpgaOperator& op) {
    double sum = 0;
    for (const BlockProduct& product : op.products) sum += product.words();
    return sum;
}

double separate_blocks(const std::vector<BlockShape>& shapes, double words, double width, double banks) {
    if (words == 0) return 0;
    double least = std::numeric_limits<double>::infinity();
    for (const BlockShape& shape : shapes) {
        const double deep = std::ceil(std::ceil(words / banks) / shape.depth);
        least = std::min(least, std::ceil(width / shape.width) * deep);
    }
    return banks * least;
}

double shared_blocks(const BlockShape& shape, double words, double width, double banks) {
    if (words == 0) return 0;
    const double deep = std::ceil(std::ceil(words / banks) / shape.depth);
    const double beside = std::floor(shape.width / width);
    return beside >= 1 ? std::ceil(banks / beside) * deep : banks * std::ceil(width / shape.width) * deep;
}

}  // namespace siliconbert
