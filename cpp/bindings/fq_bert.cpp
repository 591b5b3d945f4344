// FQ-BERT's accelerator: cycles, resources, memories and its multipliers' arithmetic.
#include "siliconbert/hardware/fq_bert.hpp"

#include <map>

#include "hardware.hpp"

namespace siliconbert {

namespace {

using Codes8 = py::array_t<std::int8_t, py::array::c_style>;

std::span<const std::int8_t> view(const Codes8& codes) {
    return {codes.data(), static_cast<std::size_t>(codes.size())};
}

FqBertResources make_resources(const FqBertLine& dsp, const FqBertLine& ff, const FqBertLine& lut,
                               const std::vector<std::pair<double, double>>& blocks) {
    FqBertResources made{.dsp = dsp, .ff = ff, .lut = lut, .blocks = {}};
    for (const auto& [width, depth] : blocks) made.blocks.push_back({width, depth});
    return made;
}

// Columns, a number for each design.
std::map<std::string, py::array_t<double>> points(const std::vector<FqBertDesign>& designs,
                                                  const FqBertRates& rates, const FqBertResources& resources,
                                                  const LayerWork& work) {
    std::vector<FqBertPoint> found;
    {
        const py::gil_scoped_release release;
        found = fq_bert_points(designs, rates, resources, work);
    }
    const auto column = [&](auto&& value) {
        std::vector<double> values;
        values.reserve(found.size());
        for (const FqBertPoint& p : found) values.push_back(value(p));
        return to_array(std::move(values));
    };
    using P = const FqBertPoint&;
    return {{"linear", column([](P p) { return p.cycles.linear; })},
            {"attention", column([](P p) { return p.cycles.attention; })},
            {"simd", column([](P p) { return p.cycles.simd; })},
            {"transfer", column([](P p) { return p.cycles.transfer; })},
            {"weight_bytes", column([](P p) { return p.cycles.weight_bytes; })},
            {"dsp", column([](P p) { return p.dsp; })},
            {"ff", column([](P p) { return p.ff; })},
            {"lut", column([](P p) { return p.lut; })},
            {"bram18_packed", column([](P p) { return p.memory.packed; })},
            {"bram18_separate", column([](P p) { return p.memory.separate; })},
            {"bram18_activations", column([](P p) { return p.memory.activations; })}};
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
    py::class_<FqBertResources>(hardware, "FqBertResources")
        .def(py::init(&make_resources), py::kw_only(), py::arg("dsp"), py::arg("ff"), py::arg("lut"),
             py::arg("blocks"));
    hardware.def("fq_bert_points", &points, py::arg("designs"), py::arg("rates"), py::arg("resources"),
                 py::arg("work"));
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
