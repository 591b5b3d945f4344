// Layouts of stored tensors and the way back.
#include "bindings.hpp"
#include "siliconbert/base/check.hpp"
#include "siliconbert/formats/format.hpp"
#include "siliconbert/storage/image.hpp"
#include "siliconbert/storage/layouts.hpp"
#include "siliconbert/storage/store.hpp"

namespace siliconbert {

namespace {

py::array_t<float> load_array(const CodeImage& image, const Format& format) {
    py::array_t<float> out({image.rows, image.columns});
    const std::span<float> values{out.mutable_data(), image.rows * image.columns};
    const py::gil_scoped_release released;
    check_parameters(format, values.size(), image.columns, "load");
    require(ValueCodes(image).width() == width(format), "load: fmt must have the image's width ",
            ValueCodes(image).width(), ", got ", width(format));
    load(image, Decoder(format, image.columns), values);
    return out;
}

using Pairs = std::vector<std::pair<std::size_t, std::size_t>>;

std::optional<Pairs> changed_pairs(const CodeImage& image, const py::array_t<Event>& events) {
    const auto changed =
        changed_values(image, placement(image), {events.data(), static_cast<std::size_t>(events.size())});
    if (!changed) return std::nullopt;
    Pairs pairs;
    for (const Placed& each : *changed) pairs.emplace_back(each.value, each.element);
    return pairs;
}

using NamedBits = std::map<std::string, std::pair<std::string, int>>;

CodeImage store_image(std::string tensor, const Mask& mask, const Codes& codes, const Codes& parameters,
                      const Layout& layout, const NamedBits& cells, const std::map<std::string, bool>& gray,
                      std::vector<int> bit_order, const Fields& fields, bool planes) {
    Storing how{layout, {}, gray, std::move(bit_order), fields, planes};
    for (const auto& [region, cell] : cells) how.cells[region] = {cell.first, cell.second};
    return store(std::move(tensor), mask, codes, parameters, how);
}

}  // namespace

void bind_storage(py::module_& core) {
    py::module_ storage = core.def_submodule("storage");
    py::class_<LayoutKind>(storage, "LayoutKind")
        .def_readonly("name", &LayoutKind::name)
        .def_readonly("options", &LayoutKind::options)
        .def_readonly("regions", &LayoutKind::regions);
    storage.def("layout_kinds", &layout_kinds);
    storage.def("complete", &complete, py::arg("layout"));
    storage.def("repair_kinds", &repair_kinds);
    storage.def("store", &store_image, py::arg("tensor"), py::arg("mask"), py::arg("codes"),
                py::arg("parameters"), py::arg("layout"), py::arg("cells"), py::arg("gray"),
                py::arg("bit_order"), py::arg("fields"), py::arg("planes"),
                py::call_guard<py::gil_scoped_release>());
    storage.def("split_into_cells", &split_into_cells, py::arg("width"), py::arg("bits"));
    storage.def(
        "region_codes",
        [](const CodeImage& image, const std::string& name) { return region(image, name).codes; },
        py::arg("image"), py::arg("name"));
    storage.def("read_mask", &read_mask, py::arg("image"), py::call_guard<py::gil_scoped_release>());
    storage.def(
        "repairs", [](const CodeImage& image) { return placement(image).repairs; }, py::arg("image"),
        py::call_guard<py::gil_scoped_release>());
    storage.def("load", &load_array, py::arg("image"), py::arg("fmt"));
    storage.def("changed_values", &changed_pairs, py::arg("image"), py::arg("events"));
}

}  // namespace siliconbert
