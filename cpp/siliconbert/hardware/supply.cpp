#include "siliconbert/hardware/supply.hpp"

#include <algorithm>

#include "siliconbert/base/check.hpp"

namespace siliconbert {

double Supply::fastest(double voltage) const {
    return nominal_frequency * (voltage - threshold_voltage) / (nominal_voltage() - threshold_voltage);
}

void check_supply(const Supply& supply) {
    require(!supply.levels.empty() && std::is_sorted(supply.levels.begin(), supply.levels.end()) &&
                supply.levels.front() > supply.threshold_voltage,
            "hardware: voltage levels must ascend above the threshold voltage ", supply.threshold_voltage);
    require(supply.nominal_frequency > 0, "hardware: nominal frequency must be positive, got ",
            supply.nominal_frequency);
    require(supply.energy_per_cycle >= 0 && supply.leakage_power >= 0 && supply.clock_power >= 0,
            "hardware: leakage must leave a dynamic energy of at least 0 per cycle, got ",
            supply.energy_per_cycle, " J with a leakage of ", supply.leakage_power, " W");
}

Energy& Energy::operator+=(const Energy& other) {
    dynamic += other.dynamic;
    leakage += other.leakage;
    clock += other.clock;
    return *this;
}

Energy spend(const Supply& supply, double cycles, double seconds, double voltage, double frequency) {
    const double v = voltage / supply.nominal_voltage();
    const double f = frequency / supply.nominal_frequency;
    return {supply.energy_per_cycle * v * v * cycles, supply.leakage_power * v * seconds,
            supply.clock_power * f * seconds};
}

OperatingPoint choose_point(const Supply& supply, double cycles, double seconds) {
    const OperatingPoint nominal{supply.nominal_voltage(), supply.nominal_frequency, false};
    if (seconds <= 0) return nominal;
    const double needed = cycles / seconds;
    for (const double voltage : supply.levels) {
        if (supply.fastest(voltage) >= needed) {
            return {voltage, std::max(needed, supply.fastest(supply.levels.front())), true};
        }
    }
    return nominal;
}

}  // namespace siliconbert
