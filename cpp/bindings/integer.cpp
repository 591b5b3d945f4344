#include <pybind11/stl.h>

#include "siliconbert/base/parallel.hpp"
#include "siliconbert/transformer/integer/encoder.hpp"
#include "siliconbert/transformer/integer/kernels.hpp"
#include "transformer.hpp"

namespace siliconbert {

namespace {

template <class T>
bool add(IntegerArrays& arrays, const std::string& name, const py::array& array) {
    if (!py::isinstance<InArray<T>>(array)) return false;
    arrays.add(name, std::span<const T>(static_cast<const T*>(array.data()),
                                        static_cast<std::size_t>(array.size())));
    return true;
}

// Views into arrays that must outlive them.
IntegerArrays make_arrays(const std::map<std::string, py::array>& given) {
    IntegerArrays arrays;
    for (const auto& [name, array] : given) {
        const bool known = add<float>(arrays, name, array) || add<std::int8_t>(arrays, name, array) ||
                           add<std::uint8_t>(arrays, name, array) || add<std::int32_t>(arrays, name, array);
        require(known, "IntegerEncoder: array ", name,
                " must be contiguous, of type float32, int8, uint8 or int32");
    }
    return arrays;
}

IntegerEncoder make_encoder(const std::shared_ptr<IntegerProducts>& products, const py::dict& shape,
                            int limit, int largest, const std::map<std::string, py::array>& arrays) {
    const NetworkShape network = make_shape(shape);
    const IntegerArrays views = make_arrays(arrays);
    const py::gil_scoped_release release;
    return {products, network, IntegerLimits{limit, largest}, views};
}

py::array_t<float> trace(const IntegerEncoder& encoder, const Ids& ids, const Ids& types,
                         const Offsets& offsets, int threads, const std::optional<py::function>& progress) {
    const Batch batch = make_batch(encoder.shape(), ids, types, offsets);
    const std::size_t exits = encoder.exits().size();
    const std::size_t stride = exits * encoder.shape().classes;
    require(exits != 0, "trace: the model has no classifier, so it has no exits");
    py::array_t<float> logits({batch.sentences(), exits, encoder.shape().classes});
    float* out = logits.mutable_data();
    const std::size_t slice = 8192 * static_cast<std::size_t>(thread_count(threads));
    in_slices(batch, slice, progress, [&](std::size_t first, std::size_t last) {
        encoder.trace(batch, first, last, threads, {out + first * stride, (last - first) * stride});
    });
    return logits;
}

py::array_t<std::int8_t> hidden(const IntegerEncoder& encoder, const Ids& ids, const Ids& types,
                                const Offsets& offsets, int threads) {
    const Batch batch = make_batch(encoder.shape(), ids, types, offsets);
    py::array_t<std::int8_t> codes({batch.ids.size(), encoder.shape().hidden});
    std::int8_t* out = codes.mutable_data();
    const py::gil_scoped_release release;
    encoder.hidden(batch, threads, {out, batch.ids.size() * encoder.shape().hidden});
    return codes;
}

}  // namespace

void bind_integer(py::module_& transformer) {
    py::class_<IntegerProducts, std::shared_ptr<IntegerProducts>>(transformer, "IntegerProducts")
        .def_property_readonly("name", &IntegerProducts::name);
    const auto shared = [](std::shared_ptr<const IntegerProducts> products) {
        return std::const_pointer_cast<IntegerProducts>(std::move(products));
    };
    transformer.def("portable_integer", [shared] { return shared(portable_integer_products()); });
    transformer.def(
        "open_onednn_integer",
        [shared](const std::string& plugin) { return shared(open_onednn_integer_products(plugin)); },
        py::arg("plugin"));
    py::class_<IntegerEncoder>(transformer, "IntegerEncoder")
        .def(py::init(&make_encoder), py::arg("products"), py::arg("shape"), py::arg("limit"),
             py::arg("largest"), py::arg("arrays"))
        .def_property_readonly("exits", &IntegerEncoder::exits)
        .def_property_readonly("path", &IntegerEncoder::path)
        .def("trace", &trace, py::arg("ids"), py::arg("types"), py::arg("offsets"), py::arg("threads") = 0,
             py::arg("progress") = py::none())
        .def("hidden", &hidden, py::arg("ids"), py::arg("types"), py::arg("offsets"), py::arg("threads") = 0);
}

}  // namespace siliconbert
