// Operators of a block-sparse Transformer on an FPGA: slots of time and amounts of resources, by parallelism.
//
// A slot is one step of the innermost pipeline (initiation interval 1). Every constant is an argument; the
// formulas are a calibrated reading of one paper's table of resources (catalogue: fpga.toml).
#pragma once

#include <vector>

namespace siliconbert {

// What one operation costs, and how wide a value is.
struct Arithmetic {
    double multiply_dsp = 3, add_dsp = 2, exp_dsp = 7;
    double add_cycles = 4;  // an accumulation waits so long for the sum before
    double fabric = 1;      // registers and look-up tables, as a share of those of 32-bit floating point
    double width = 32;      // bits of a stored weight
};

struct FpgaConstants {
    double relu_lanes = 0, relu_flush = 0;
    double add_norm_loops = 0, add_norm_flush = 0;
    double attention_passes = 0, attention_flush = 0;
    // DSP beside those of the multiply-accumulate units: one for so many of them, and so many for addresses.
    double product_group = 0, product_base = 0;
    // Operations of one lane, and once for all lanes.
    double add_norm_multiplies = 0, add_norm_adds = 0, add_norm_scalar_multiplies = 0;
    double attention_multiplies = 0, attention_adds = 0;
    double softmax_multiplies = 0, softmax_adds = 0, softmax_exps = 0;
    // Registers and look-up tables: a line for products, in proportion for the others.
    double product_ff = 0, product_ff_base = 0, product_lut = 0, product_lut_base = 0;
    double row_registers_ff = 0, row_registers_lut = 0;
    double attention_ff = 0, attention_lut = 0, add_norm_ff = 0, add_norm_lut = 0;
};

// y = x W with the same number of kept blocks in every block column of W; dense: all of them.
struct BlockProduct {
    double columns = 0;  // block columns
    double keep = 0;     // blocks kept in each
    double block = 0;    // values of a block

    double words() const { return columns * keep * block; }
};

enum class FpgaKind { kProduct, kAttention, kAddNorm };

struct FpgaOperator {
    FpgaKind kind = FpgaKind::kProduct;
    std::vector<BlockProduct> products{};  // one after the other on the same units
    double relu = 0;                       // values of the row that goes through ReLU between two products
    double row_registers = 0;              // how often the constant's registers are there: 1 for 800 values
    double heads = 0, head_width = 0, window = 0;
    double width = 0;  // of the rows that are added and normalised
};

struct FpgaAmounts {
    double dsp = 0, ff = 0, lut = 0;
};

// For so many rows of activations; lanes: multiply-accumulate units of a product, lanes of one head or of an
// add-norm.
double slots(const FpgaOperator& op, const FpgaConstants& constants, const Arithmetic& arithmetic,
             double rows, double lanes);
FpgaAmounts amounts(const FpgaOperator& op, const FpgaConstants& constants, const Arithmetic& arithmetic,
                    double lanes);
double weight_words(const FpgaOperator& op);

// One way to use a memory block: so many words of so many bits.
struct BlockShape {
    double width = 0, depth = 0;
};

// Memory blocks for `words` of `width` bits in `banks` that are read at the same time, each in blocks of its
// own of the best shape.
double separate_blocks(const std::vector<BlockShape>& shapes, double words, double width, double banks);
// The same where the words of several banks lie side by side in one wide block.
double shared_blocks(const BlockShape& shape, double words, double width, double banks);

}  // namespace siliconbert
