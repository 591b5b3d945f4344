// Latency and energy of whole sentences, at nominal voltage or with the voltage planned from the predicted
// exit.
#pragma once

#include <string>
#include <vector>

#include "siliconbert/hardware/supply.hpp"

namespace siliconbert {

// Cycles, and their dynamic energy at the nominal voltage (J).
struct Work {
    double cycles = 0;
    double energy = 0;
};

Work operator*(double count, const Work& work);
Work operator+(const Work& a, const Work& b);

// Energy of the work at a point (J).
double joules(const Supply& supply, const Work& work, const OperatingPoint& point);

struct SentenceCost {
    OperatingPoint point;  // of the layers after the prediction; nominal where there are none
    double latency = 0;
    Energy energy;
    bool feasible = true;
};

// All of the work at nominal voltage and frequency.
SentenceCost nominal_cost(const Supply& supply, const Work& work);

struct LatencyPlan {
    Work layer;  // one layer and its exit classifier
    Work plan;   // the choice of voltage and frequency
    int layers = 0;
    int first = 1;      // layers before the prediction, at nominal voltage
    double target = 0;  // seconds for a sentence
};

void check_plan(const LatencyPlan& plan);

// EdgeBERT's Algorithm 2 and Sec. 5.2: voltage and frequency let the predicted layer end by the target;
// energy and latency count the layers that really run. The change of voltage settles before the next layer
// starts; the rail is charged to nominal again for the next sentence. 1 <= exit <= predicted <= layers.
SentenceCost planned_cost(const Supply& supply, const LatencyPlan& plan, int exit, int predicted);

// One stretch of a sentence at one voltage and frequency.
struct Segment {
    std::string what;  // layer 1, plan, settle, layer 2, ..., raise, idle
    double start = 0;
    double seconds = 0;
    OperatingPoint point;
    Energy energy;
};

// What planned_cost adds up, stretch by stretch. The rail rises after the sentence: no part of its latency.
// The last stretch waits for the target at the lowest level, the clock off: no part of the sentence.
std::vector<Segment> timeline(const Supply& supply, const LatencyPlan& plan, int exit, int predicted);

}  // namespace siliconbert
