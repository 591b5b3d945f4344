// Layouts of stored tensors and the way back.
#include "bindings.hpp"
#include "siliconbert/base/check.hpp"
#include "siliconbert/formats/format.hpp"
#include "siliconbert/storage/ecc.hpp"
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
    const std::span<const Event> in{events.data(), static_cast<std::size_t>(events.size())};
    const py::gil_scoped_release released;
    check_events(image, in, "changed_values");
    const auto changed = changed_values(image, placement(image), in);
    if (!changed) return std::nullopt;
    Pairs pairs;
    for (const Placed& each : *changed) pairs.emplace_back(each.value, each.element);
    return pairs;
}

using NamedCounts = std::map<std::string, std::map<std::string, std::size_t>>;

NamedCounts named(const EccByRegion& by_region) {
    NamedCounts all;
    for (const auto& [name, counts] : by_region) {
        all[name] = {{"corrected", counts.corrected},
                     {"detected", counts.detected},
                     {"miscorrected", counts.miscorrected},
                     {"silent", counts.silent}};
    }
    return all;
}

// The image as its codes correct it, and what they saw.
std::pair<CodeImage, NamedCounts> corrected(CodeImage image) {
    const EccByRegion counts = correct(image);
    return {std::move(image), named(counts)};
}

std::pair<py::array_t<Event>, NamedCounts> events_after_ecc(const CodeImage& clean,
                                                            const py::array_t<Event>& events) {
    const std::span<const Event> in{events.data(), static_cast<std::size_t>(events.size())};
    EccResult result;
    {
        const py::gil_scoped_release released;
        check_events(clean, in, "after_ecc");
        result = after_ecc(clean, in);
    }
    return {to_array(std::move(result.events)), named(result.counts)};
}

using NamedBits = std::map<std::string, std::pair<std::string, int>>;

CodeImage store_image(std::string tensor, const Mask& mask, const Codes& codes, const Codes& parameters,
                      const Layout& layout, const NamedBits& cells, const ByRegion<bool>& gray,
                      const ByRegion<std::string>& ecc, std::vector<int> bit_order, const Fields& fields,
                      bool planes) {
    Storing how{layout, {}, gray, ecc, std::move(bit_order), fields, planes};
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
                py::arg("parameters"), py::arg("layout"), py::arg("cells"), py::arg("gray"), py::arg("ecc"),
                py::arg("bit_order"), py::arg("fields"), py::arg("planes"),
                py::call_guard<py::gil_scoped_release>());
    storage.def("split_into_cells", &split_into_cells, py::arg("width"), py::arg("bits"));
    storage.def(
        "region_codes",
        [](const CodeImage& image, const std::string& name) { return region(image, name).codes; },
        py::arg("image"), py::arg("name"));
    storage.def("read_mask", &read_mask, py::arg("image"), py::call_guard<py::gil_scoped_release>());
    storage.def(
        "stored_values", [](const CodeImage& image) { return ValueCodes(image).count(); }, py::arg("image"));
    storage.def(
        "repairs", [](const CodeImage& image) { return placement(image).repairs; }, py::arg("image"),
        py::call_guard<py::gil_scoped_release>());
    storage.def("ecc_codes", [] {
        std::vector<std::tuple<std::string, int, int>> all;
        for (const EccCode& each : ecc_codes()) {
            all.emplace_back(each.name(), each.data_bits(), each.check_bits());
        }
        return all;
    });
    storage.def(
        "check_bits",
        [](const Codes& data, const std::string& code) { return check_bits(data, ecc_code(code)); },
        py::arg("data"), py::arg("code"));
    storage.def("corrected", &corrected, py::arg("image"), py::call_guard<py::gil_scoped_release>());
    storage.def("after_ecc", &events_after_ecc, py::arg("clean"), py::arg("events"));
    storage.def("load", &load_array, py::arg("image"), py::arg("fmt"));
    storage.def("changed_values", &changed_pairs, py::arg("image"), py::arg("events"));
}

}  // namespace siliconbert
