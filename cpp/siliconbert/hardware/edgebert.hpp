// Cycles of EdgeBERT's accelerator: the processing unit (PU) and the special function unit (SFU).
#pragma once

#include "siliconbert/hardware/counts.hpp"

namespace siliconbert {

// n vector MACs of n lanes. Initiation intervals: cycles per state of the SFU's operations.
struct EdgebertUnits {
    std::size_t n = 16;
    double softmax_interval = 0;
    double layer_norm_interval = 0;
    double add_interval = 0;
    double entropy_interval = 0;
    double voltage_interval = 0;
    double sfu_overlap = 0;  // share of the SFU's cycles that hide behind the PU's
};

// Cycles that add to the layer's time.
struct UnitCycles {
    double pu = 0;
    double sfu = 0;
    double total() const { return pu + sfu; }
};

UnitCycles layer_cycles(const EdgebertUnits& units, const LayerWork& work);

// The choice of voltage and frequency, once a sentence.
double voltage_cycles(const EdgebertUnits& units);

}  // namespace siliconbert
