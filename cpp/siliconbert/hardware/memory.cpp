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

DramRead read(const Dram& dram, double records, double bytes) {
    require(records >= 0 && bytes >= 0, "memory: records and bytes must be at least 0, got ", records,
            " and ", bytes);
    if (records * bytes == 0) return {};
    const double cycles = dram.burst / 2;
    const double bursts = records * std::ceil(bytes * 8 / (dram.burst * dram.devices * dram.device_width));
    const double rows = records * std::ceil(bytes / dram.row);
    const double all = dram.row_to_column + dram.column + bursts * cycles;
    const double joules = dram.voltage * dram.energy_clock * dram.devices;  // of one ampere for one cycle
    const double row = dram.activate_current * (dram.row_active + dram.precharge) -
                       dram.active_current * dram.row_active - dram.precharged_current * dram.precharge;
    return {bursts, all * dram.clock, joules * (dram.read_current - dram.active_current) * cycles * bursts,
            joules * row * rows, joules * dram.active_current * all};
}

double bytes_per_second(const Dram& dram) { return dram.devices * dram.device_width / 8 * 2 / dram.clock; }

}  // namespace siliconbert
