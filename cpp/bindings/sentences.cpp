// Sentences with or without planned voltage.
#include "siliconbert/hardware/sentences.hpp"

#include "hardware.hpp"
#include "siliconbert/base/check.hpp"
#include "siliconbert/hardware/supply.hpp"

namespace siliconbert {

namespace {

using Layers = InArray<std::int32_t>;

// One array per quantity.
py::dict columns(const std::vector<SentenceCost>& costs) {
    const auto count = static_cast<py::ssize_t>(costs.size());
    py::dict table;
    const auto column = [&](const char* name, auto&& value) {
        py::array_t<double> numbers(count);
        for (std::size_t i = 0; i < costs.size(); ++i) numbers.mutable_data()[i] = value(costs[i]);
        table[name] = numbers;
    };
    column("voltage", [](const SentenceCost& c) { return c.point.voltage; });
    column("frequency", [](const SentenceCost& c) { return c.point.frequency; });
    column("latency", [](const SentenceCost& c) { return c.latency; });
    column("dynamic", [](const SentenceCost& c) { return c.energy.dynamic; });
    column("leakage", [](const SentenceCost& c) { return c.energy.leakage; });
    column("adpll", [](const SentenceCost& c) { return c.energy.adpll; });
    column("regulator", [](const SentenceCost& c) { return c.energy.regulator; });
    column("transition", [](const SentenceCost& c) { return c.energy.transition; });
    column("feasible", [](const SentenceCost& c) { return c.feasible ? 1.0 : 0.0; });
    return table;
}

py::dict nominal(const Supply& supply, const InArray<double>& cycles, const InArray<double>& energy) {
    check_supply(supply);
    require(cycles.size() == energy.size(), "nominal: energy must have one entry per cycles, got ",
            energy.size(), " for ", cycles.size());
    std::vector<SentenceCost> costs;
    for (py::ssize_t i = 0; i < cycles.size(); ++i) {
        costs.push_back(nominal_cost(supply, {cycles.data()[i], energy.data()[i]}));
    }
    return columns(costs);
}

py::dict planned(const Supply& supply, const LatencyPlan& plan, const Layers& layer,
                 const Layers& predicted) {
    check_supply(supply);
    check_plan(plan);
    require(layer.size() == predicted.size(), "sentences: predicted must have one entry per layer, got ",
            predicted.size(), " for ", layer.size());
    std::vector<SentenceCost> costs;
    for (py::ssize_t i = 0; i < layer.size(); ++i) {
        costs.push_back(planned_cost(supply, plan, layer.data()[i], predicted.data()[i]));
    }
    return columns(costs);
}

py::list segments(const Supply& supply, const LatencyPlan& plan, int exit, int predicted) {
    check_supply(supply);
    check_plan(plan);
    py::list found;
    for (const Segment& s : timeline(supply, plan, exit, predicted)) {
        found.append(
            py::make_tuple(s.what, s.start, s.seconds, s.point.voltage, s.point.frequency, s.energy.total()));
    }
    return found;
}

LatencyPlan make_plan(double layer_cycles, double layer_energy, double plan_cycles, double plan_energy,
                      int layers, int first, double target) {
    return {{layer_cycles, layer_energy}, {plan_cycles, plan_energy}, layers, first, target};
}

}  // namespace

void bind_sentences(py::module_& hardware) {
    py::class_<Curve>(hardware, "Curve")
        .def_readonly("threshold", &Curve::threshold)
        .def("frequency", &Curve::frequency, py::arg("voltage"));
    hardware.def(
        "curve",
        [](std::pair<double, double> nominal, std::pair<double, double> low, double alpha, double load) {
            return through({nominal.first, nominal.second}, {low.first, low.second}, alpha, load);
        },
        py::arg("nominal"), py::arg("low"), py::arg("alpha"), py::arg("load"));
    py::class_<Supply>(hardware, "Supply")
        .def(py::init<std::vector<double>, std::vector<double>, double, double, double, double, double,
                      double, double>(),
             py::kw_only(), py::arg("levels"), py::arg("frequencies"), py::arg("settle_time"),
             py::arg("leakage_power"), py::arg("leakage_rise"), py::arg("clock_power"),
             py::arg("rail_capacitance"), py::arg("regulator_input"), py::arg("regulator_efficiency"))
        .def("leakage", &Supply::leakage, py::arg("voltage"));
    py::class_<LatencyPlan>(hardware, "LatencyPlan")
        .def(py::init(&make_plan), py::kw_only(), py::arg("layer_cycles"), py::arg("layer_energy"),
             py::arg("plan_cycles"), py::arg("plan_energy"), py::arg("layers"), py::arg("first"),
             py::arg("target"));
    hardware.def("nominal", &nominal, py::arg("supply"), py::arg("cycles"), py::arg("energy"));
    hardware.def("planned", &planned, py::arg("supply"), py::arg("plan"), py::arg("layer"),
                 py::arg("predicted"));
    hardware.def("timeline", &segments, py::arg("supply"), py::arg("plan"), py::arg("layer"),
                 py::arg("predicted"));
}

}  // namespace siliconbert
