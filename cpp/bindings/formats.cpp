// Number formats: arrays of values and codes.
#include <optional>

#include "bindings.hpp"
#include "siliconbert/formats/format.hpp"

namespace siliconbert {

namespace {

// Without a bias the format is only a shape: the lowest bias stands in until it is fitted.
AdaptivFloat make_adaptivfloat(int width, int exponent_bits, const std::string& variant,
                               std::optional<int> bias) {
    AdaptivFloat format{width, exponent_bits, adaptivfloat_variant(variant), 0};
    format.bias = bias.value_or(format.lowest_bias());
    check(format);
    return format;
}

template <class Code>
py::array_t<Code> encode_as(const InArray<float>& x, const Format& format, int threads) {
    auto codes = empty_like<Code>(x);
    const auto in = view(x);
    const std::span<Code> out{codes.mutable_data(), in.size()};
    const py::gil_scoped_release released;
    encode(in, format, out, threads);
    return codes;
}

py::array encode_array(const InArray<float>& x, const Format& format, int threads) {
    if (width(format) <= 8) return encode_as<std::uint8_t>(x, format, threads);
    return encode_as<std::uint16_t>(x, format, threads);
}

template <class Code>
py::array_t<float> decode_array(const InArray<Code>& codes, const Format& format, int threads) {
    auto values = empty_like<float>(codes);
    const auto in = view(codes);
    const std::span<float> out{values.mutable_data(), in.size()};
    const py::gil_scoped_release released;
    decode(in, format, out, threads);
    return values;
}

py::array_t<float> quantize_array(const InArray<float>& x, const Format& format, int threads) {
    auto values = empty_like<float>(x);
    const auto in = view(x);
    const std::span<float> out{values.mutable_data(), in.size()};
    const py::gil_scoped_release released;
    quantize(in, format, out, threads);
    return values;
}

}  // namespace

void bind_formats(py::module_& core) {
    py::module_ formats = core.def_submodule("formats");
    py::class_<AdaptivFloat>(formats, "AdaptivFloat")
        .def(py::init(&make_adaptivfloat), py::arg("width"), py::arg("exponent_bits"), py::arg("variant"),
             py::arg("bias"))
        .def_readonly("bias", &AdaptivFloat::bias)
        .def_property_readonly("lowest_bias", &AdaptivFloat::lowest_bias)
        .def_property_readonly("highest_bias", &AdaptivFloat::highest_bias);
    formats.def("adaptivfloat_variants", &adaptivfloat_variants);
    formats.def(
        "fit", [](const InArray<float>& x, const Format& format) { return fit_format(view(x), format); },
        py::arg("x"), py::arg("fmt"));
    formats.def("encode", &encode_array, py::arg("x"), py::arg("fmt"), py::arg("threads"));
    formats.def("decode8", &decode_array<std::uint8_t>, py::arg("codes"), py::arg("fmt"), py::arg("threads"));
    formats.def("decode16", &decode_array<std::uint16_t>, py::arg("codes"), py::arg("fmt"),
                py::arg("threads"));
    formats.def("quantize", &quantize_array, py::arg("x"), py::arg("fmt"), py::arg("threads"));
    formats.def(
        "values_of_codes", [](const Format& format) { return to_array(values_of_codes(format)); },
        py::arg("fmt"));
    formats.def(
        "bit_order", [](const Format& format) { return bit_order(format); }, py::arg("fmt"));
    formats.def(
        "parameters", [](const Format& format) { return parameters(format); }, py::arg("fmt"));
    formats.def(
        "with_parameters",
        [](const Format& format, const Codes& codes) { return with_parameters(format, codes); },
        py::arg("fmt"), py::arg("codes"));
}

}  // namespace siliconbert
