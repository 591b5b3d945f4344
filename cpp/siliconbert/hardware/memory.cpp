#include "siliconbert/hardware/memory.hpp"

#include <cmath>

#include "siliconbert/base/check.hpp"

namespace siliconbert {

Transfer transfer(const Array& array, double records, double bits) {
    require(records >= 0 && bits >= 0, "memory: records and bits must be at least 0, got ", records, " and ",
            bits);
    const double accesses = records * std::ceil(bits / array.width);
    return {accesses, accesses * array.time, accesses * array.energy};
}

DramRead read(const Dram& dram, double bytes) {
    require(bytes >= 0, "memory: bytes must be at least 0, got ", bytes);
    if (bytes == 0) return {};
    const double cycles = dram.burst / 2;
    const double bursts = std::ceil(bytes * 8 / (dram.burst * dram.devices * dram.device_width));
    const double all = dram.row_to_column + dram.column + bursts * cycles;
    const double joules =
        dram.voltage * dram.energy_clock * dram.devices;  // an ampere and cycle, all devices
    const double row = dram.activate_current * (dram.row_active + dram.precharge) -
                       dram.active_current * dram.row_active - dram.precharged_current * dram.precharge;
    return {all * dram.clock, joules * (dram.read_current - dram.active_current) * cycles * bursts,
            joules * row * std::ceil(bytes / dram.row), joules * dram.active_current * all};
}

double bytes_per_second(const Dram& dram) { return dram.devices * dram.device_width / 8 * 2 / dram.clock; }

}  // namespace siliconbert
