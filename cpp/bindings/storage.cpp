// Layouts of stored tensors and the way back.
#include "bindings.hpp"
#include "siliconbert/storage/image.hpp"
#include "siliconbert/storage/layouts.hpp"

namespace siliconbert {

namespace {

py::array_t<float> load_array(const CodeImage& image, const InArray<float>& value_of_code) {
    py::array_t<float> out({image.rows, image.columns});
    const std::span<float> values{out.mutable_data(), image.rows * image.columns};
    const auto table = view(value_of_code);
    const py::gil_scoped_release released;
    load(image, table, values);
    return out;
}

using Pairs = std::vector<std::pair<std::size_t, std::size_t>>;

std::optional<Pairs> changed_pairs(const CodeImage& image, const py::array_t<Event>& events) {
    const auto changed =
        changed_values(image, kept_elements(image), {events.data(), static_cast<std::size_t>(events.size())});
    if (!changed) return std::nullopt;
    Pairs pairs;
    for (const Changed& each : *changed) pairs.emplace_back(each.value, each.element);
    return pairs;
}

}  // namespace

void bind_storage(py::module_& core) {
    py::module_ storage = core.def_submodule("storage");
    py::class_<Layout>(storage, "Layout")
        .def_readonly("name", &Layout::name)
        .def_readonly("keeps_zeros", &Layout::keeps_zeros)
        .def_readonly("regions", &Layout::regions)
        .def(
            "store",
            [](const Layout& layout, std::string tensor, const Mask& mask, Codes values, Codes parameters,
               const CellMaps& maps) {
                return layout.store(std::move(tensor), mask, std::move(values), std::move(parameters), maps);
            },
            py::arg("tensor"), py::arg("mask"), py::arg("values"), py::arg("parameters"), py::arg("maps"));
    storage.def("layouts", &layouts);
    storage.def("layout", &layout, py::arg("name"), py::return_value_policy::reference);
    storage.def("split_into_cells", &split_into_cells, py::arg("width"), py::arg("bits"));
    storage.def(
        "region_codes",
        [](const CodeImage& image, const std::string& name) { return region(image, name).codes; },
        py::arg("image"), py::arg("name"));
    storage.def("read_mask", &read_mask, py::arg("image"));
    storage.def(
        "kept_elements", [](const CodeImage& image) { return to_array(kept_elements(image)); },
        py::arg("image"));
    storage.def("load", &load_array, py::arg("image"), py::arg("value_of_code"));
    storage.def("changed_values", &changed_pairs, py::arg("image"), py::arg("events"));
}

}  // namespace siliconbert
