// What a supply voltage and a clock frequency cost, and which of them a deadline needs.
#pragma once

#include <vector>

#include "siliconbert/hardware/curve.hpp"

namespace siliconbert {

// Units: volts, hertz, seconds, joules, watts, farads.
struct Supply {
    std::vector<double> levels;       // voltages the regulator can give, ascending; the last one is nominal
    std::vector<double> frequencies;  // the highest at each level; 0 where the logic does not run
    double settle_time = 0;           // of one change of voltage and frequency
    double leakage_power = 0;         // at the nominal voltage
    double leakage_rise = 0;      // leakage current ~ exp(rise V), 1/V; 0: the same current at any voltage
    double clock_power = 0;       // at the nominal frequency; proportional to it
    double rail_capacitance = 0;  // charged anew at each rise of the voltage
    double regulator_input = 0;   // volts; the regulator passes on its current. 0: no losses counted
    double regulator_efficiency = 1;  // share of the current that it passes on

    double nominal_voltage() const { return levels.back(); }
    double nominal_frequency() const { return frequencies.back(); }
    OperatingPoint nominal() const { return {nominal_voltage(), nominal_frequency()}; }
    double leakage(double voltage) const;
};

void check_supply(const Supply& supply);

struct Energy {
    double dynamic = 0;
    double leakage = 0;
    double adpll = 0;
    double regulator = 0;   // lost between the regulator's input and the logic
    double transition = 0;  // charging the rail again

    double total() const { return dynamic + leakage + adpll + regulator + transition; }
    Energy& operator+=(const Energy& other);
};

// Work whose dynamic energy at the nominal voltage is `dynamic` (J; ~ V^2), taking `seconds` at `point`.
Energy spend(const Supply& supply, double dynamic, double seconds, const OperatingPoint& point);

// Charging the rail once from the lower of two voltages to the higher.
Energy charge_rail(const Supply& supply, double a, double b);

struct Choice {
    OperatingPoint point;
    bool feasible = true;
};

// The lowest level at which `cycles` fit into `seconds`, at just the frequency needed, but no slower than the
// lowest level that runs allows. Nominal and not feasible where no level suffices.
Choice choose_point(const Supply& supply, double cycles, double seconds);

}  // namespace siliconbert
