// Accelerator costs: counts and cycles.
#include "hardware.hpp"

#include <map>

#include "siliconbert/hardware/counts.hpp"
#include "siliconbert/hardware/edgebert.hpp"

namespace siliconbert {

namespace {

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
    hardware.def("macs", &macs, py::arg("work"), py::arg("kept") = false);
    hardware.def(
        "layer_cycles",
        [](const EdgebertUnits& units, const LayerWork& work) {
            const UnitCycles cycles = layer_cycles(units, work);
            return std::map<std::string, double>{{"pu", cycles.pu}, {"sfu", cycles.sfu}};
        },
        py::arg("units"), py::arg("work"));
    hardware.def("voltage_cycles", &voltage_cycles, py::arg("units"));
    bind_memories(hardware);
    bind_sentences(hardware);
}

}  // namespace siliconbert
