// Latency and energy of whole sentences, at nominal voltage or with the voltage planned from the predicted
// exit.
#pragma once

#include "siliconbert/hardware/supply.hpp"

namespace siliconbert {

struct SentenceCost {
    double voltage = 0;  // and frequency: of the layers after the prediction; nominal where there are none
    double frequency = 0;
    double latency = 0;
    Energy energy;
    bool feasible = true;
};

// All cycles at nominal voltage and frequency.
SentenceCost nominal_cost(const Supply& supply, double cycles);

struct LatencyPlan {
    double layer_cycles = 0;  // of one layer and its exit classifier
    double plan_cycles = 0;   // of choosing voltage and frequency
    int layers = 0;
    int first = 1;      // layers before the prediction, at nominal voltage
    double target = 0;  // seconds for a sentence
};

void check_plan(const LatencyPlan& plan);

// Voltage and frequency let the predicted layer end by the target; energy and latency count the layers that
// really run (EdgeBERT, Algorithm 2 and Sec. 5.2). 1 <= exit <= predicted <= layers.
SentenceCost planned_cost(const Supply& supply, const LatencyPlan& plan, int exit, int predicted);

}  // namespace siliconbert
