// Accelerator costs: counts, cycles, and sentences with or without planned voltage.
#include <map>

#include "bindings.hpp"
#include "siliconbert/base/check.hpp"
#include "siliconbert/hardware/counts.hpp"
#include "siliconbert/hardware/edgebert.hpp"
#include "siliconbert/hardware/sentences.hpp"
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

std::map<std::string, double> macs(const LayerWork& work, bool kept) {
    std::map<std::string, double> by_part;
    for (const Product& p : products(work)) by_part[p.part] += p.macs() * (kept ? p.density : 1);
    return by_part;
}

LayerWork make_work(std::size_t tokens_attention, std::size_t tokens_ffn, std::size_t hidden,
                    std::size_t heads, std::size_t heads_off, std::size_t ffn, double density,
                    std::size_t classes) {
    return {tokens_attention, tokens_ffn, hidden, heads, heads_off, ffn, density, classes};
}

}  // namespace

void bind_hardware(py::module_& core) {
    py::module_ hardware = core.def_submodule("hardware");
    py::class_<LayerWork>(hardware, "LayerWork")
        .def(py::init(&make_work), py::kw_only(), py::arg("tokens_attention"), py::arg("tokens_ffn"),
             py::arg("hidden"), py::arg("heads"), py::arg("heads_off"), py::arg("ffn"), py::arg("density"),
             py::arg("classes"));
    py::class_<EdgebertUnits>(hardware, "EdgebertUnits")
        .def(py::init<std::size_t, double, double, double, double, double, double>(), py::kw_only(),
             py::arg("n"), py::arg("softmax_interval"), py::arg("layer_norm_interval"),
             py::arg("add_interval"), py::arg("entropy_interval"), py::arg("voltage_interval"),
             py::arg("sfu_overlap"));
    py::class_<Supply>(hardware, "Supply")
        .def(py::init<std::vector<double>, double, double, double, double, double, double>(), py::kw_only(),
             py::arg("levels"), py::arg("nominal_frequency"), py::arg("threshold_voltage"),
             py::arg("settle_time"), py::arg("energy_per_cycle"), py::arg("leakage_power"),
             py::arg("clock_power"))
        .def("fastest", &Supply::fastest, py::arg("voltage"));
    py::class_<LatencyPlan>(hardware, "LatencyPlan")
        .def(py::init<double, double, int, int, double>(), py::kw_only(), py::arg("layer_cycles"),
             py::arg("plan_cycles"), py::arg("layers"), py::arg("first"), py::arg("target"));
    hardware.def("macs", &macs, py::arg("work"), py::arg("kept") = false);
    hardware.def(
        "layer_cycles",
        [](const EdgebertUnits& units, const LayerWork& work) {
            const UnitCycles cycles = layer_cycles(units, work);
            return std::map<std::string, double>{{"pu", cycles.pu}, {"sfu", cycles.sfu}};
        },
        py::arg("units"), py::arg("work"));
    hardware.def("voltage_cycles", &voltage_cycles, py::arg("units"));
    hardware.def("nominal", &nominal, py::arg("supply"), py::arg("cycles"));
    hardware.def("planned", &planned, py::arg("supply"), py::arg("plan"), py::arg("layer"),
                 py::arg("predicted"));
}

}  // namespace siliconbert
