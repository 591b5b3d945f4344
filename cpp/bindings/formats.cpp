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

Minifloat make_minifloat(int exponent_bits, int mantissa_bits, const std::string& special,
                         std::optional<int> bias, const std::string& rounds, const std::string& overflows,
                         bool scaled) {
    const auto rule = static_cast<Special>(index_of(special_names(), special, "Minifloat: special"));
    const bool usual = !bias && exponent_bits >= 1 && exponent_bits <= 8;
    const Minifloat format{exponent_bits,
                           mantissa_bits,
                           rule,
                           usual ? usual_bias(exponent_bits, rule) : bias.value_or(0),
                           rounding(rounds, "Minifloat: rounding"),
                           overflow(overflows, "Minifloat: overflow"),
                           scaled};
    check(format);
    return format;
}

Fixed make_fixed(int integer_bits, int fraction_bits, const std::string& rounds) {
    const Fixed format{integer_bits, fraction_bits, rounding(rounds, "Fixed: rounding")};
    check(format);
    return format;
}

Integer make_integer(int width, bool symmetric, const std::string& rounds) {
    const Integer format{width, symmetric, rounding(rounds, "Integer: rounding")};
    check(format);
    return format;
}

Format make_format(const Family& family, const std::string& per, std::size_t group,
                   const py::bytes& parameters) {
    const auto sharing = static_cast<Sharing>(index_of(sharing_names(), per, "Format: per"));
    const std::string_view bytes = parameters;
    const Format format{family, sharing, group, {bytes.begin(), bytes.end()}};
    check(format);
    return format;
}

// Rows of as many values as the last dimension has.
template <class T>
std::size_t columns(const InArray<T>& x) {
    return x.ndim() == 0 ? 1 : static_cast<std::size_t>(x.shape(x.ndim() - 1));
}

template <class Code>
py::array_t<Code> encode_as(const InArray<float>& x, const Format& format, int threads,
                            const RoundingDraws& draws) {
    auto codes = empty_like<Code>(x);
    const auto in = view(x);
    const std::span<Code> out{codes.mutable_data(), in.size()};
    const py::gil_scoped_release released;
    encode(in, columns(x), format, out, threads, draws);
    return codes;
}

py::array encode_array(const InArray<float>& x, const Format& format, int threads, std::uint64_t seed,
                       const std::string& name) {
    if (width(format) <= 8) return encode_as<std::uint8_t>(x, format, threads, {seed, name});
    return encode_as<std::uint16_t>(x, format, threads, {seed, name});
}

template <class Code>
py::array_t<float> decode_array(const InArray<Code>& codes, const Format& format, int threads) {
    auto values = empty_like<float>(codes);
    const auto in = view(codes);
    const std::span<float> out{values.mutable_data(), in.size()};
    const py::gil_scoped_release released;
    decode(in, columns(codes), format, out, threads);
    return values;
}

py::array_t<float> quantize_array(const InArray<float>& x, const Format& format, int threads,
                                  std::uint64_t seed, const std::string& name) {
    auto values = empty_like<float>(x);
    const auto in = view(x);
    const std::span<float> out{values.mutable_data(), in.size()};
    const py::gil_scoped_release released;
    quantize(in, columns(x), format, out, threads, {seed, name});
    return values;
}

// The same into an array that is there, `x` itself for instance; the caller sees to type and shape.
void quantize_into(const InArray<float>& x, const Format& format, int threads, std::uint64_t seed,
                   const std::string& name, py::array_t<float, py::array::c_style>& out) {
    const auto in = view(x);
    const std::span<float> values{out.mutable_data(), in.size()};
    const py::gil_scoped_release released;
    quantize(in, columns(x), format, values, threads, {seed, name});
}

Format fit_array(const InArray<float>& x, const Format& format, const std::optional<Mask>& mask,
                 int threads) {
    const auto in = view(x);
    const py::gil_scoped_release released;
    return fit_format(in, columns(x), mask ? &*mask : nullptr, format, threads);
}

void bind_families(py::module_& formats) {
    py::class_<AdaptivFloat>(formats, "AdaptivFloat")
        .def(py::init(&make_adaptivfloat), py::arg("width"), py::arg("exponent_bits"), py::arg("variant"),
             py::arg("bias"))
        .def_property_readonly("lowest_bias", &AdaptivFloat::lowest_bias)
        .def_property_readonly("highest_bias", &AdaptivFloat::highest_bias)
        .def(
            "read_bias",
            [](const AdaptivFloat& format, std::uint8_t byte) {
                return with_bias(format, {&byte, 1}).bias;
            },
            py::arg("byte"));
    formats.def("adaptivfloat_variants", &adaptivfloat_variants);
    py::class_<Minifloat>(formats, "Minifloat")
        .def(py::init(&make_minifloat), py::arg("exponent_bits"), py::arg("mantissa_bits"),
             py::arg("special"), py::arg("bias"), py::arg("rounding"), py::arg("overflow"), py::arg("scaled"))
        .def_readonly("bias", &Minifloat::bias);
    formats.def("special_names", &special_names);
    py::class_<Fixed>(formats, "Fixed")
        .def(py::init(&make_fixed), py::arg("integer_bits"), py::arg("fraction_bits"), py::arg("rounding"));
    py::class_<Integer>(formats, "Integer")
        .def(py::init(&make_integer), py::arg("width"), py::arg("symmetric"), py::arg("rounding"));
    py::class_<Binary>(formats, "Binary").def(py::init([] { return Binary{}; }));
    py::class_<BlockFloat>(formats, "BlockFloat")
        .def(py::init([](int width, const std::string& how) {
                 return BlockFloat{width, rounding(how, "BlockFloat: rounding")};
             }),
             py::arg("width"), py::arg("rounding"));
    py::class_<Codebook>(formats, "Codebook")
        .def(py::init([](int width, std::vector<float> entries) {
                 return Codebook{width, std::move(entries)};
             }),
             py::arg("width"), py::arg("entries"));
    py::class_<Posit>(formats, "Posit")
        .def(py::init([](int width, int exponent_bits) {
                 return Posit{width, exponent_bits};
             }),
             py::arg("width"), py::arg("exponent_bits"));
    py::class_<Microscaling>(formats, "Microscaling")
        .def(py::init([](const std::string& element, const std::string& how) {
                 const auto kind = index_of(microscaling_elements(), element, "Microscaling: element");
                 return Microscaling{static_cast<MicroscalingElement>(kind),
                                     rounding(how, "Microscaling: rounding")};
             }),
             py::arg("element"), py::arg("rounding"))
        .def_property_readonly("width", [](const Microscaling& format) { return width(format); });
    formats.def("microscaling_elements", &microscaling_elements);
}

void bind_arrays(py::module_& formats) {
    formats.def("fit", &fit_array, py::arg("x"), py::arg("fmt"), py::arg("mask"), py::arg("threads"));
    formats.def("encode", &encode_array, py::arg("x"), py::arg("fmt"), py::arg("threads"), py::arg("seed"),
                py::arg("name"));
    formats.def("decode8", &decode_array<std::uint8_t>, py::arg("codes"), py::arg("fmt"), py::arg("threads"));
    formats.def("decode16", &decode_array<std::uint16_t>, py::arg("codes"), py::arg("fmt"),
                py::arg("threads"));
    formats.def("quantize_into", &quantize_into, py::arg("x"), py::arg("fmt"), py::arg("threads"),
                py::arg("seed"), py::arg("name"), py::arg("out").noconvert());
    formats.def("quantize", &quantize_array, py::arg("x"), py::arg("fmt"), py::arg("threads"),
                py::arg("seed"), py::arg("name"));
}

}  // namespace

void bind_formats(py::module_& core) {
    py::module_ formats = core.def_submodule("formats");
    bind_families(formats);
    py::class_<Format>(formats, "Format")
        .def(py::init(&make_format), py::arg("family"), py::arg("per"), py::arg("group"),
             py::arg("parameters"))
        .def_property_readonly("parameters",
                               [](const Format& format) {
                                   return py::bytes(reinterpret_cast<const char*>(format.parameters.data()),
                                                    format.parameters.size());
                               })
        .def_property_readonly("parameter_bytes",
                               [](const Format& format) { return parameter_bytes(format); })
        .def_property_readonly("fields", [](const Format& format) { return fields(format); })
        .def_property_readonly("bit_order", [](const Format& format) { return bit_order(format); });
    bind_arrays(formats);
    formats.def("rounding_names", &rounding_names);
    formats.def("overflow_names", &overflow_names);
    formats.def("sharing_names", &sharing_names);
    formats.def(
        "values_of_codes",
        [](const Format& format, std::size_t set) { return to_array(values_of_codes(format, set)); },
        py::arg("fmt"), py::arg("set"));
    formats.def(
        "parameters", [](const Format& format) { return parameters(format); }, py::arg("fmt"));
    formats.def(
        "with_parameters",
        [](const Format& format, const Codes& codes) { return with_parameters(format, codes); },
        py::arg("fmt"), py::arg("codes"));
}

}  // namespace siliconbert
