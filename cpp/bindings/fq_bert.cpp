// FQ-BERT's accelerator: cycles, resources, memories and its multipliers' arithmetic.
#include "siliconbert/hardware/fq_bert.hpp"

#include <map>

#include "hardware.hpp"

namespace siliconbert {

namespace {

using ByName = std::map<std::string, double>;
using Codes8 = py::array_t<std::int8_t, py::array::c_style>;

std::span<const std::int8_t> view(const Codes8& codes) {
    return {codes.data(), static_cast<std::size_t>(codes.size())};
}

ByName cycles(const FqBertDesign& design, const FqBertRates& rates, const LayerWork& work) {
    const FqBertCycles c = fq_bert_cycles(design, rates, work);
    return {{"linear", c.linear},
            {"attention", c.attention},
            {"simd", c.simd},
            {"transfer", c.transfer},
            {"weight_bytes", c.weight_bytes}};
}

ByName memory(const FqBertDesign& design, const FqBertRates& rates, const LayerWork& work) {
    const FqBertMemory m = fq_bert_memory(design, rates, work);
    return {{"packed", m.packed}, {"separate", m.separate}, {"activations", m.activations}};
}

}  // namespace

void bind_fq_bert(py::module_& hardware) {
    py::enum_<Bim>(hardware, "Bim").value("A", Bim::after).value("B", Bim::before);
    py::class_<FqBertDesign>(hardware, "FqBertDesign")
        .def(py::init<std::size_t, std::size_t, std::size_t, Bim>(), py::kw_only(), py::arg("pus"),
             py::arg("n"), py::arg("m"), py::arg("bim"));
    py::class_<FqBertRates>(hardware, "FqBertRates")
        .def(py::init<double, double, double>(), py::kw_only(), py::arg("overhead"), py::arg("bus_bytes"),
             py::arg("weight_bits"));
    py::class_<FqBertLine>(hardware, "FqBertLine")
        .def(py::init<double, double, double, double>(), py::kw_only(), py::arg("base"),
             py::arg("multiplier"), py::arg("pe"), py::arg("lane"));
    hardware.def("fq_bert_cycles", &cycles, py::arg("design"), py::arg("rates"), py::arg("work"));
    hardware.def("fq_bert_memory", &memory, py::arg("design"), py::arg("rates"), py::arg("work"));
    hardware.def("resource", &resource, py::arg("line"), py::arg("design"));
    hardware.def("memories_18k", &memories_18k, py::arg("width"), py::arg("depth"));
    hardware.def(
        "bim_8x4", [](const Codes8& left, const Codes8& right) { return bim_8x4(view(left), view(right)); },
        py::arg("left"), py::arg("right"));
    hardware.def(
        "bim_8x8",
        [](Bim type, const Codes8& left, const Codes8& right) {
            return bim_8x8(type, view(left), view(right));
        },
        py::arg("type"), py::arg("left"), py::arg("right"));
    hardware.def("bim_logic_bits", &bim_logic_bits, py::arg("type"), py::arg("multipliers"));
}

}  // namespace siliconbert
