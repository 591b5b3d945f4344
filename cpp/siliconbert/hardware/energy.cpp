#include "siliconbert/hardware/energy.hpp"

namespace siliconbert {

DynamicEnergy dynamic_energy(const ActionEnergies& each, const LayerCost& cost) {
    const Actions& done = cost.actions;
    return {.mac = done.macs * each.mac,
            .registers = done.register_bits * each.register_bit,
            .sram = done.read_bytes * each.read_byte + done.write_bytes * each.write_byte,
            .decode = done.decoded * each.decode,
            .sfu = done.sfu_operations * each.sfu_operation,
            .clock = cost.time.total() * each.cycle};
}

}  // namespace siliconbert
