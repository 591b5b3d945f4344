// EdgeBERT's accelerator: cycles of its processing unit (PU), special function unit (SFU) and bus, and the
// actions that take energy.
#pragma once

#include "siliconbert/hardware/counts.hpp"

namespace siliconbert {

// What crosses the bus in a layer.
enum class Traffic {
    resident,  // nothing: weights and activations lie in memory on the chip
    weights,   // kept weights and their masks, once
    tiles,     // operands of every tile and its results, as the public driver moves them
};

// n vector MACs of n lanes. Initiation intervals: cycles per state of the SFU's operations.
struct EdgebertUnits {
    std::size_t n = 16;
    double softmax_interval = 0;
    double layer_norm_interval = 0;
    double add_interval = 0;
    double entropy_interval = 0;
    double voltage_interval = 0;
    double sfu_overlap = 0;       // share of the SFU's cycles that hide behind the PU's
    double transfer_overlap = 1;  // share of the bus's cycles that hide behind both units'
    Traffic traffic = Traffic::resident;
    std::size_t buffer_entries = 4096;  // vectors of n values that a decoder's buffer holds
    std::size_t deepest = 4095;         // fields of the command: depth, rows and columns of a product
    std::size_t largest = 1023;
    double bus_bytes = 8;          // a cycle
    double accumulator_bits = 32;  // of a sum
};

// How the host cuts a product so that one decoder's buffer holds rows and results, the other columns.
struct Tiling {
    std::size_t rows = 0;
    std::size_t columns = 0;
    double row_blocks = 0;
    double column_blocks = 0;
};

// As the public driver: as many columns as fit, then as many rows (edgebert_real.c, general_mat_mul), but
// neither more than the product has. Throws where one tile of n does not fit.
Tiling host_tiling(const EdgebertUnits& units, const Product& product);

// Busy cycles, and those of them that add to the layer's time because they do not hide.
struct UnitCycles {
    double pu = 0;
    double sfu = 0;
    double transfer = 0;
    double total() const { return pu + sfu + transfer; }
};

// What takes energy. SRAM: the data and mask buffers.
struct Actions {
    double macs = 0;           // of vectors of which neither is all zero
    double skipped_macs = 0;   // the others: they take the cycles, not the energy
    double register_bits = 0;  // written
    double read_bytes = 0;
    double write_bytes = 0;
    double decoded = 0;  // values out of the bit-mask decoders
    double sfu_operations = 0;
    double bus_bytes = 0;
};

struct LayerCost {
    UnitCycles busy;
    UnitCycles time;  // exposed: adds up to the layer's cycles
    Actions actions;
};

LayerCost layer_cost(const EdgebertUnits& units, const LayerWork& work);

// The choice of voltage and frequency, once a sentence.
double voltage_cycles(const EdgebertUnits& units);

}  // namespace siliconbert
