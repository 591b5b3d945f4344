// Operators on an FPGA.
#include "siliconbert/hardware/fpga.hpp"

#include <map>
#include <string>

#include "hardware.hpp"
#include "siliconbert/base/check.hpp"

namespace siliconbert {

namespace {

using Numbers = std::map<std::string, double>;

double taken(Numbers& numbers, const char* key) {
    const auto found = numbers.find(key);
    require(found != numbers.end(), "fpga: ", key, " missing");
    const double number = found->second;
    numbers.erase(found);
    return number;
}

void check_empty(const Numbers& numbers) {
    require(numbers.empty(), "fpga: no constant is called ", numbers.empty() ? "" : numbers.begin()->first);
}

FpgaConstants constants(Numbers n) {
    FpgaConstants c;
#define TAKE(key) c.key = taken(n, #key)
    TAKE(relu_lanes), TAKE(relu_flush), TAKE(add_norm_loops), TAKE(add_norm_flush);
    TAKE(attention_passes), TAKE(attention_flush), TAKE(product_group), TAKE(product_base);
    TAKE(add_norm_multiplies), TAKE(add_norm_adds), TAKE(add_norm_scalar_multiplies);
    TAKE(attention_multiplies), TAKE(attention_adds);
    TAKE(softmax_multiplies), TAKE(softmax_adds), TAKE(softmax_exps);
    TAKE(product_ff), TAKE(product_ff_base), TAKE(product_lut), TAKE(product_lut_base);
    TAKE(row_registers_ff), TAKE(row_registers_lut);
    TAKE(attention_ff), TAKE(attention_lut), TAKE(add_norm_ff), TAKE(add_norm_lut);
#undef TAKE
    check_empty(n);
    return c;
}

Arithmetic arithmetic(Numbers n) {
    Arithmetic a;
    a.multiply_dsp = taken(n, "multiply_dsp");
    a.add_dsp = taken(n, "add_dsp");
    a.exp_dsp = taken(n, "exp_dsp");
    a.add_cycles = taken(n, "add_cycles");
    a.fabric = taken(n, "fabric");
    a.width = taken(n, "width");
    check_empty(n);
    return a;
}

FpgaOperator product(const std::vector<std::array<double, 3>>& parts, double relu, double row_registers) {
    FpgaOperator op;
    for (const auto& [columns, keep, block] : parts) op.products.push_back({columns, keep, block});
    op.relu = relu;
    op.row_registers = row_registers;
    return op;
}

FpgaOperator attention(double heads, double head_width, double window) {
    FpgaOperator op;
    op.kind = FpgaKind::kAttention;
    op.heads = heads;
    op.head_width = head_width;
    op.window = window;
    return op;
}

FpgaOperator add_norm(double width) {
    FpgaOperator op;
    op.kind = FpgaKind::kAddNorm;
    op.width = width;
    return op;
}

}  // namespace

void bind_fpga(py::module_& hardware) {
    py::class_<FpgaConstants>(hardware, "FpgaConstants").def(py::init(&constants), py::arg("numbers"));
    py::class_<Arithmetic>(hardware, "Arithmetic")
        .def(py::init(&arithmetic), py::arg("numbers"))
        .def_readonly("width", &Arithmetic::width);
    py::class_<FpgaOperator>(hardware, "FpgaOperator").def_property_readonly("words", &weight_words);
    hardware.def("fpga_product", &product, py::arg("products"), py::arg("relu"), py::arg("row_registers"));
    hardware.def("fpga_attention", &attention, py::arg("heads"), py::arg("head_width"), py::arg("window"));
    hardware.def("fpga_add_norm", &add_norm, py::arg("width"));
    hardware.def("fpga_slots", &slots, py::arg("operator"), py::arg("constants"), py::arg("arithmetic"),
                 py::arg("rows"), py::arg("lanes"));
    hardware.def(
        "fpga_amounts",
        [](const FpgaOperator& op, const FpgaConstants& c, const Arithmetic& a, double lanes) {
            const FpgaAmounts found = amounts(op, c, a, lanes);
            return Numbers{{"dsp", found.dsp}, {"ff", found.ff}, {"lut", found.lut}};
        },
        py::arg("operator"), py::arg("constants"), py::arg("arithmetic"), py::arg("lanes"));
    hardware.def(
        "separate_blocks",
        [](const std::vector<std::pair<double, double>>& shapes, double words, double width, double banks) {
            std::vector<BlockShape> made;
            for (const auto& [wide, deep] : shapes) made.push_back({wide, deep});
            return separate_blocks(made, words, width, banks);
        },
        py::arg("shapes"), py::arg("words"), py::arg("width"), py::arg("banks"));
    hardware.def(
        "shared_blocks",
        [](std::pair<double, double> shape, double words, double width, double banks) {
            return shared_blocks({shape.first, shape.second}, words, width, banks);
        },
        py::arg("shape"), py::arg("words"), py::arg("width"), py::arg("banks"));
}

}  // namespace siliconbert
