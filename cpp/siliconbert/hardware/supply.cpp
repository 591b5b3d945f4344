#include "siliconbert/hardware/supply.hpp"

#include <algorithm>
#include <cmath>

#include "siliconbert/base/check.hpp"

namespace siliconbert {

double Supply::leakage(double voltage) const {
    const double nominal = nominal_voltage();
    return leakage_power * voltage / nominal * std::exp(leakage_rise * (voltage - nominal));
}

void check_supply(const Supply& supply) {
    require(!supply.levels.empty() && std::is_sorted(supply.levels.begin(), supply.levels.end()) &&
                supply.levels.front() > 0,
            "hardware: voltage levels must be positive and ascend");
    require(supply.frequencies.size() == supply.levels.size() &&
                std::is_sorted(supply.frequencies.begin(), supply.frequencies.end()) &&
                supply.frequencies.front() >= 0 && supply.frequencies.back() > 0,
            "hardware: there must be one frequency per voltage level, ascending to a positive one");
    require(supply.leakage_power >= 0 && supply.leakage_rise >= 0 && supply.clock_power >= 0 &&
                supply.rail_capacitance >= 0 && supply.settle_time >= 0,
            "hardware: leakage, clock power, rail capacitance and settling time must be at least 0");
    require(supply.regulator_efficiency > 0 && supply.regulator_efficiency <= 1 &&
                (supply.regulator_input == 0 || supply.regulator_input >= supply.nominal_voltage()),
            "hardware: the regulator must have an input of at least the nominal voltage and an efficiency in "
            "0..1, got ",
            supply.regulator_input, " V and ", supply.regulator_efficiency);
}

Energy& Energy::operator+=(const Energy& other) {
    dynamic += other.dynamic;
    leakage += other.leakage;
    adpll += other.adpll;
    regulator += other.regulator;
    transition += other.transition;
    return *this;
}

Energy spend(const Supply& supply, double dynamic, double seconds, const OperatingPoint& point) {
    const double v = point.voltage / supply.nominal_voltage();
    Energy energy{.dynamic = dynamic * v * v,
                  .leakage = supply.leakage(point.voltage) * seconds,
                  .adpll = supply.clock_power * point.frequency / supply.nominal_frequency() * seconds};
    if (supply.regulator_input > 0) {
        const double drawn = supply.regulator_input / (point.voltage * supply.regulator_efficiency);
        energy.regulator = (drawn - 1) * (energy.dynamic + energy.leakage);
    }
    return energy;
}

Energy charge_rail(const Supply& supply, double a, double b) {
    return {.transition = supply.rail_capacitance * std::abs(a - b) * std::max(a, b)};
}

Choice choose_point(const Supply& supply, double cycles, double seconds) {
    const auto& frequencies = supply.frequencies;
    const Choice nominal{supply.nominal(), false};
    if (seconds <= 0) return nominal;
    const double slowest = *std::upper_bound(frequencies.begin(), frequencies.end(), 0.0);
    const double needed = std::max(cycles / seconds, slowest);
    const auto level = std::lower_bound(frequencies.begin(), frequencies.end(), needed);
    if (level == frequencies.end()) return nominal;
    return {{supply.levels[static_cast<std::size_t>(level - frequencies.begin())], needed}, true};
}

}  // namespace siliconbert
