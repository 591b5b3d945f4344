// Voltage, frequency and what cycles cost at them.
#pragma once

#include <vector>

namespace siliconbert {

// Units: volts, hertz, seconds, joules, watts.
struct Supply {
    std::vector<double> levels;    // voltages the regulator can give, ascending; the last one is nominal
    double nominal_frequency = 0;  // at the nominal voltage
    double threshold_voltage = 0;  // where the linear voltage-frequency model reaches 0 Hz
    double settle_time = 0;        // of one change of voltage and frequency
    double energy_per_cycle = 0;   // dynamic, at the nominal voltage
    double leakage_power = 0;      // at the nominal voltage; proportional to it
    double clock_power = 0;        // at the nominal frequency; proportional to it

    double nominal_voltage() const { return levels.back(); }
    double fastest(double voltage) const;  // frequency
};

void check_supply(const Supply& supply);

struct Energy {
    double dynamic = 0;
    double leakage = 0;
    double clock = 0;
    double total() const { return dynamic + leakage + clock; }
    Energy& operator+=(const Energy& other);
};

// E = alpha C V^2 cycles, plus leakage and clock over the time.
Energy spend(const Supply& supply, double cycles, double seconds, double voltage, double frequency);

struct OperatingPoint {
    double voltage = 0;
    double frequency = 0;
    bool feasible = true;
};

// The lowest voltage at which `cycles` fit into `seconds`, at just the frequency needed, but not slower than
// the lowest voltage allows. Nominal and not feasible where no voltage suffices.
OperatingPoint choose_point(const Supply& supply, double cycles, double seconds);

}  // namespace siliconbert
