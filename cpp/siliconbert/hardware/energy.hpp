// Energy of a layer's actions at nominal voltage, part by part.
#pragma once

#include "siliconbert/hardware/edgebert.hpp"

namespace siliconbert {

// Joules an action.
struct ActionEnergies {
    double mac = 0;
    double register_bit = 0;
    double read_byte = 0;
    double write_byte = 0;
    double decode = 0;  // a value
    double sfu_operation = 0;
    double cycle = 0;  // the clock's tree, control, and what the other actions leave out
};

struct DynamicEnergy {
    double mac = 0;
    double registers = 0;
    double sram = 0;
    double decode = 0;
    double sfu = 0;
    double clock = 0;
    double total() const { return mac + registers + sram + decode + sfu + clock; }
};

DynamicEnergy dynamic_energy(const ActionEnergies& each, const LayerCost& cost);

}  // namespace siliconbert
