// The highest clock frequency at a supply voltage.
#pragma once

namespace siliconbert {

// V, Hz.
struct OperatingPoint {
    double voltage = 0;
    double frequency = 0;
};

// f(V) ~ (V - threshold)^alpha / V^load through `nominal`; 0 Hz at the threshold and below.
// alpha 1.3, load 1 is the alpha-power law of a gate whose charge C V flows at I ~ (V - Vt)^alpha (T. Sakurai
// and A. R. Newton, 1990); alpha 1, load 0 is a straight line.
struct Curve {
    OperatingPoint nominal;
    double threshold = 0;
    double alpha = 1;
    double load = 0;

    double frequency(double voltage) const;
};

// The curve that also goes through `low`, which fixes its threshold.
Curve through(const OperatingPoint& nominal, const OperatingPoint& low, double alpha, double load);

}  // namespace siliconbert
