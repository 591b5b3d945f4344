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
    column("voltage", [](const SentenceCost& c) { return c.voltage; });
    column("frequency", [](const SentenceCost& c) { return c.frequency; });
    column("latency", [](const SentenceCost& c) { return c.latency; });
    column("dynamic", [](const SentenceCost& c) { return c.energy.dynamic; });
    column("leakage", [](const SentenceCost& c) { return c.energy.leakage; });
    column("clock", [](const SentenceCost& c) { return c.energy.clock; });
    column("feasible", [](const SentenceCost& c) { return c.feasible ? 1.0 : 0.0; });
    return table;
}

py::dict nominal(const Supply& supply, const InArray<double>& cycles) {
    check_supply(supply);
    std::vector<SentenceCost> costs;
    for (const double count : view(cycles)) costs.push_back(nominal_cost(supply, count));
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

}  // namespace

void bind_sentences(py::module_& hardware) {
    py::class_<Supply>(hardware, "Supply")
        .def(py::init<std::vector<double>, double, double, double, double, double, double>(), py::kw_only(),
             py::arg("levels"), py::arg("nominal_frequency"), py::arg("threshold_voltage"),
             py::arg("settle_time"), py::arg("energy_per_cycle"), py::arg("leakage_power"),
             py::arg("clock_power"))
        .def("fastest", &Supply::fastest, py::arg("voltage"));
    py::class_<LatencyPlan>(hardware, "LatencyPlan")
        .def(py::init<double, double, int, int, double>(), py::kw_only(), py::arg("layer_cycles"),
             py::arg("plan_cycles"), py::arg("layers"), py::arg("first"), py::arg("target"));
    hardware.def("nominal", &nominal, py::arg("supply"), py::arg("cycles"));
    hardware.def("planned", &planned, py::arg("supply"), py::arg("plan"), py::arg("layer"),
                 py::arg("predicted"));
}

}  // namespace siliconbert
