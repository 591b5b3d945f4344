// FQ-BERT's accelerator on an FPGA: processing units (PUs) of processing elements (PEs), each with one
// bit-split inner-product module (hardware/bim.hpp), and one unit with as many lanes for softmax and layer
// normalisation.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "siliconbert/hardware/bim.hpp"
#include "siliconbert/hardware/counts.hpp"
#include "siliconbert/hardware/fpga.hpp"

namespace siliconbert {

struct FqBertDesign {
    std::size_t pus = 12;
    std::size_t pes = 8;           // of a PU, the paper's N
    std::size_t multipliers = 16;  // of 8 x 4 bits in a PE, the paper's M: two trees of half as many
    Bim bim = Bim::after;

    double all_pes() const { return static_cast<double>(pus * pes); }
    double all_multipliers() const { return all_pes() * static_cast<double>(multipliers); }
};

struct FqBertRates {
    double overhead = 1;     // cycles for each cycle in which multipliers work
    double bus_bytes = 16;   // a cycle, of weights
    double weight_bits = 4;  // up to 4: all multipliers work at once; 5 to 8: two of them for a product
};

// Cycles of one layer, one after the other. A column of a product belongs to one PE, a head to one PU (to
// several where there are more PUs than heads), so sizes that do not divide leave units idle.
struct FqBertCycles {
    double linear = 0;     // products with weights, 8 x 4 bits
    double attention = 0;  // products of activations, 8 x 8 bits
    double simd = 0;       // softmax and layer normalisation
    double transfer = 0;   // of weights, as far as it does not hide behind the products that they serve
    double weight_bytes = 0;

    double total() const { return linear + attention + simd + transfer; }
};

FqBertCycles fq_bert_cycles(const FqBertDesign& design, const FqBertRates& rates, const LayerWork& work);

// A resource as a line: a constant, and so much for each multiplier, PE and lane (lanes are as many as a PE
// has multipliers).
struct FqBertLine {
    double base = 0;
    double multiplier = 0;
    double pe = 0;
    double lane = 0;
};

double resource(const FqBertLine& line, const FqBertDesign& design);

// Memory blocks that the buffers take at the least and at the most: with both halves of a double buffer
// in one memory, or each in its own. Weights: a column of the deepest product; partial sums: one of 32 bits
// for each token; activations: those of the layer, in as many banks as a PE has multipliers.
struct FqBertMemory {
    double packed = 0;
    double separate = 0;
    double activations = 0;  // of both
};

FqBertMemory fq_bert_memory(const FqBertDesign& design, const FqBertRates& rates,
                            const std::vector<BlockShape>& blocks, const LayerWork& work);

struct FqBertResources {
    FqBertLine dsp;
    FqBertLine ff;
    FqBertLine lut;  // of BIMs of type A; other types add the difference of their logic, a LUT a bit
    std::vector<BlockShape> blocks;  // of memory
};

// What a design takes and how long a layer is on it.
struct FqBertPoint {
    FqBertCycles cycles;
    double dsp = 0;
    double ff = 0;
    double lut = 0;
    FqBertMemory memory;
};

std::vector<FqBertPoint> fq_bert_points(std::span<const FqBertDesign> designs, const FqBertRates& rates,
                                        const FqBertResources& resources, const LayerWork& work);

}  // namespace siliconbert
