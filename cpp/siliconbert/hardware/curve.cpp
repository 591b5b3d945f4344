#include "siliconbert/hardware/curve.hpp"

#include <cmath>

#include "siliconbert/base/check.hpp"

namespace siliconbert {

double Curve::frequency(double voltage) const {
    if (voltage <= threshold) return 0;
    const double drive = (voltage - threshold) / (nominal.voltage - threshold);
    return nominal.frequency * std::pow(drive, alpha) * std::pow(nominal.voltage / voltage, load);
}

Curve through(const OperatingPoint& nominal, const OperatingPoint& low, double alpha, double load) {
    require(low.voltage >= 0 && low.voltage < nominal.voltage && low.frequency >= 0 &&
                low.frequency < nominal.frequency,
            "hardware: the lower point of a voltage-frequency curve must lie below the nominal one, got ",
            low.voltage, " V and ", low.frequency, " Hz under ", nominal.voltage, " V and ",
            nominal.frequency, " Hz");
    require(alpha > 0 && load >= 0, "hardware: alpha must be positive and load at least 0, got ", alpha,
            " and ", load);
    // (low V - Vt) / (nominal V - Vt), from the ratio of the frequencies.
    const double drive = std::pow(
        low.frequency / nominal.frequency * std::pow(low.voltage / nominal.voltage, load), 1 / alpha);
    return {nominal, (low.voltage - drive * nominal.voltage) / (1 - drive), alpha, load};
}

}  // namespace siliconbert
