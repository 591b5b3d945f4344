// Accelerator costs: counts, cycles, actions and their energy.
#include "hardware.hpp"

#include <map>

#include "siliconbert/base/check.hpp"
#include "siliconbert/hardware/counts.hpp"
#include "siliconbert/hardware/edgebert.hpp"
#include "siliconbert/hardware/energy.hpp"

namespace siliconbert {

namespace {

using ByName = std::map<std::string, double>;
using Shares = std::map<std::string, std::pair<double, double>>;  // part -> elements, vectors

ByName macs(const LayerWork& work, bool kept) {
    ByName by_part;
    for (const Product& p : products(work)) by_part[p.part] += kept ? p.kept_macs() : p.macs();
    return by_part;
}

ByName counted(const LayerWork& work) {
    const Counts c = count(work);
    return {{"macs", c.macs},
            {"kept_macs", c.kept_macs},
            {"weight_bytes", c.weight_bytes},
            {"mask_bytes", c.mask_bytes},
            {"activation_bytes", c.activation_bytes},
            {"activation_rows", c.activation_rows},
            {"softmax_rows", c.softmax_rows},
            {"layer_norm_rows", c.layer_norm_rows},
            {"add_rows", c.add_rows},
            {"entropies", c.entropies}};
}

ByName by_unit(const UnitCycles& cycles) {
    return {{"pu", cycles.pu}, {"sfu", cycles.sfu}, {"transfer", cycles.transfer}};
}

ByName by_action(const Actions& a) {
    return {{"macs", a.macs},
            {"skipped_macs", a.skipped_macs},
            {"register_bits", a.register_bits},
            {"read_bytes", a.read_bytes},
            {"write_bytes", a.write_bytes},
            {"decoded", a.decoded},
            {"sfu_operations", a.sfu_operations},
            {"bus_bytes", a.bus_bytes}};
}

ByName by_part(const DynamicEnergy& e) {
    return {{"mac", e.mac}, {"register", e.registers}, {"sram", e.sram}, {"decode", e.decode},
            {"sfu", e.sfu}, {"clock", e.clock}};
}

Share share(const Shares& shares, const char* part) {
    const auto [elements, vectors] = shares.at(part);
    return {elements, vectors};
}

LayerWork make_work(std::size_t tokens_attention, std::size_t tokens_ffn, std::size_t hidden,
                    std::size_t heads, std::size_t ffn, std::size_t classes, std::vector<std::size_t> reach,
                    bool window, const Shares& weights, std::size_t lanes, double width) {
    return {tokens_attention,
            tokens_ffn,
            hidden,
            heads,
            ffn,
            classes,
            std::move(reach),
            window ? SpanRule::window : SpanRule::paper,
            {share(weights, "qkv"), share(weights, "output"), share(weights, "ffn_up"),
             share(weights, "ffn_down")},
            lanes,
            width};
}

std::map<std::string, std::pair<std::size_t, std::size_t>> tilings(const EdgebertUnits& units,
                                                                   const LayerWork& work) {
    std::map<std::string, std::pair<std::size_t, std::size_t>> found;
    for (const Product& p : products(work)) {
        if (p.empty()) continue;
        const Tiling tiling = host_tiling(units, p);
        found.try_emplace(p.part, tiling.rows, tiling.columns);
    }
    return found;
}

}  // namespace

void bind_hardware(py::module_& core) {
    py::module_ hardware = core.def_submodule("hardware");
    py::class_<LayerWork>(hardware, "LayerWork")
        .def(py::init(&make_work), py::kw_only(), py::arg("tokens_attention"), py::arg("tokens_ffn"),
             py::arg("hidden"), py::arg("heads"), py::arg("ffn"), py::arg("classes"), py::arg("reach"),
             py::arg("window"), py::arg("weights"), py::arg("lanes"), py::arg("width"));
    py::enum_<Traffic>(hardware, "Traffic")
        .value("resident", Traffic::resident)
        .value("weights", Traffic::weights)
        .value("tiles", Traffic::tiles);
    py::class_<EdgebertUnits>(hardware, "EdgebertUnits")
        .def(py::init<std::size_t, double, double, double, double, double, double, double, Traffic,
                      std::size_t, std::size_t, std::size_t, double, double>(),
             py::kw_only(), py::arg("n"), py::arg("softmax_interval"), py::arg("layer_norm_interval"),
             py::arg("add_interval"), py::arg("entropy_interval"), py::arg("voltage_interval"),
             py::arg("sfu_overlap"), py::arg("transfer_overlap"), py::arg("traffic"),
             py::arg("buffer_entries"), py::arg("deepest"), py::arg("largest"), py::arg("bus_bytes"),
             py::arg("accumulator_bits"));
    py::class_<ActionEnergies>(hardware, "ActionEnergies")
        .def(py::init<double, double, double, double, double, double, double>(), py::kw_only(),
             py::arg("mac"), py::arg("register_bit"), py::arg("read_byte"), py::arg("write_byte"),
             py::arg("decode"), py::arg("sfu_operation"), py::arg("cycle"));
    py::class_<LayerCost>(hardware, "LayerCost")
        .def_property_readonly("busy", [](const LayerCost& cost) { return by_unit(cost.busy); })
        .def_property_readonly("time", [](const LayerCost& cost) { return by_unit(cost.time); })
        .def_property_readonly("actions", [](const LayerCost& cost) { return by_action(cost.actions); });
    hardware.def("macs", &macs, py::arg("work"), py::arg("kept") = false);
    hardware.def("count", &counted, py::arg("work"));
    hardware.def("tilings", &tilings, py::arg("units"), py::arg("work"));
    hardware.def("layer_cost", &layer_cost, py::arg("units"), py::arg("work"));
    hardware.def(
        "dynamic_energy",
        [](const ActionEnergies& each, const LayerCost& cost) { return by_part(dynamic_energy(each, cost)); },
        py::arg("each"), py::arg("cost"));
    hardware.def("voltage_cycles", &voltage_cycles, py::arg("units"));
    bind_fpga(hardware);
    bind_fq_bert(hardware);
    bind_memories(hardware);
    bind_sentences(hardware);
    bind_explore(hardware);
}

}  // namespace siliconbert
