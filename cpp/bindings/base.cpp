// The shared words: codes, masks, images, events, and the draws for the twin's comparison.
#include "bindings.hpp"
#include "siliconbert/base/check.hpp"
#include "siliconbert/base/parallel.hpp"
#include "siliconbert/base/philox.hpp"
#include "siliconbert/base/words.hpp"

namespace siliconbert {

namespace {

Codes pack(const InArray<std::uint32_t>& values, int width) {
    Codes codes(width, static_cast<std::size_t>(values.size()));
    const auto in = view(values);
    for (std::size_t i = 0; i < in.size(); ++i) {
        require(width == 32 || in[i] >> width == 0, "Codes: code must fit ", width, " bits, got ", in[i]);
        codes.set(i, in[i]);
    }
    return codes;
}

template <class T>
py::array_t<T> unpack(const Codes& codes) {
    std::vector<T> values(codes.count());
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<T>(codes.at(i));
    return to_array(std::move(values));
}

// The narrowest unsigned type that holds the width.
py::array unpack_narrow(const Codes& codes) {
    if (codes.width() <= 8) return unpack<std::uint8_t>(codes);
    if (codes.width() <= 16) return unpack<std::uint16_t>(codes);
    return unpack<std::uint32_t>(codes);
}

Mask make_mask(const py::array_t<bool, py::array::c_style>& kept) {
    require(kept.ndim() == 2, "Mask: kept must have 2 dimensions, got ", kept.ndim());
    Mask mask{static_cast<std::size_t>(kept.shape(0)), static_cast<std::size_t>(kept.shape(1)),
              Codes(1, static_cast<std::size_t>(kept.size()))};
    for (std::size_t i = 0; i < mask.kept.count(); ++i) mask.kept.set(i, kept.data()[i] ? 1U : 0U);
    return mask;
}

void bind_draws(py::module_& base) {
    base.def("philox", &philox, py::arg("counter"), py::arg("key"));
    base.def("uniform", &uniform, py::arg("high"), py::arg("low"));
    base.def("gap", &gap, py::arg("u"), py::arg("log1p_of_minus_rate"));
    base.def(
        "draw",
        [](std::uint64_t seed, std::uint32_t stream, const std::string& tensor, const std::string& region,
           std::uint64_t trial, std::uint32_t element, std::uint32_t index) {
            return Draws(seed, static_cast<Stream>(stream), tensor, region, trial)(element, index);
        },
        py::arg("seed"), py::arg("stream"), py::arg("tensor"), py::arg("region"), py::arg("trial"),
        py::arg("element"), py::arg("index"));
    base.def("available_threads", &available_threads);
}

void bind_codes(py::module_& base) {
    py::class_<Codes>(base, "Codes")
        .def(py::init(&pack), py::arg("values"), py::arg("width"))
        .def_property_readonly("width", &Codes::width)
        .def_property_readonly("count", &Codes::count)
        .def_property_readonly("bits", &Codes::bits)
        .def("values", &unpack_narrow)
        .def("__eq__", [](const Codes& a, const Codes& b) { return a == b; });
    py::class_<Mask>(base, "Mask")
        .def(py::init(&make_mask), py::arg("kept"))
        .def_readonly("rows", &Mask::rows)
        .def_readonly("columns", &Mask::columns)
        .def("values", [](const Mask& mask) {
            py::array_t<bool> kept({mask.rows, mask.columns});
            for (std::size_t i = 0; i < mask.kept.count(); ++i) kept.mutable_data()[i] = mask.kept.at(i) != 0;
            return kept;
        });
}

// Of all cells; a cell has at most 256.
py::array_t<std::uint8_t> levels(const Region& region) {
    std::vector<std::uint8_t> found(region.cells());
    for (std::size_t cell = 0; cell < found.size(); ++cell) {
        found[cell] = static_cast<std::uint8_t>(region.level(cell));
    }
    return to_array(std::move(found));
}

void bind_image(py::module_& base) {
    py::class_<CellMap>(base, "CellMap")
        .def(py::init([](std::string cell, std::vector<int> bit_order, std::vector<int> cell_bits,
                         Fields fields, bool gray) {
                 return CellMap{std::move(cell), std::move(bit_order), std::move(cell_bits),
                                std::move(fields), gray};
             }),
             py::arg("cell"), py::arg("bit_order"), py::arg("cell_bits"), py::arg("fields") = Fields{},
             py::arg("gray") = false)
        .def_readonly("cell", &CellMap::cell)
        .def_readonly("bit_order", &CellMap::bit_order)
        .def_readonly("cell_bits", &CellMap::cell_bits)
        .def_readonly("fields", &CellMap::fields)
        .def_readonly("gray", &CellMap::gray);
    py::class_<Region>(base, "Region")
        .def(
            py::init([](std::string name, Codes codes, CellMap map, std::vector<int> plane, std::string ecc) {
                return Region{std::move(name), std::move(codes), std::move(map), std::move(plane),
                              std::move(ecc)};
            }),
            py::arg("name"), py::arg("codes"), py::arg("map"), py::arg("plane") = std::vector<int>{},
            py::arg("ecc") = "")
        .def_readonly("name", &Region::name)
        .def_readonly("codes", &Region::codes)
        .def_readonly("map", &Region::map)
        .def_readonly("plane", &Region::plane)
        .def_readonly("ecc", &Region::ecc)
        .def_property_readonly("cells", &Region::cells)
        .def("level", &Region::level, py::arg("cell"))
        .def("levels", &levels);
    py::class_<Layout>(base, "Layout")
        .def(py::init([](std::string name, std::map<std::string, std::size_t> options) {
                 return Layout{std::move(name), std::move(options)};
             }),
             py::arg("name"), py::arg("options"))
        .def_readonly("name", &Layout::name)
        .def_readonly("options", &Layout::options);
    py::class_<CodeImage>(base, "CodeImage")
        .def(py::init([](std::string tensor, std::size_t rows, std::size_t columns,
                         std::vector<Region> regions, Layout layout) {
                 return CodeImage{std::move(tensor), rows, columns, std::move(regions), std::move(layout)};
             }),
             py::arg("tensor"), py::arg("rows"), py::arg("columns"), py::arg("regions"),
             py::arg("layout") = Layout{})
        .def_readonly("layout", &CodeImage::layout)
        .def_readonly("tensor", &CodeImage::tensor)
        .def_readonly("rows", &CodeImage::rows)
        .def_readonly("columns", &CodeImage::columns)
        .def_readonly("regions", &CodeImage::regions)
        .def("copy", [](const CodeImage& image) { return image; })
        .def("apply",
             [](CodeImage& image, const py::array_t<Event>& events) {
                 const std::span<const Event> in{events.data(), static_cast<std::size_t>(events.size())};
                 check_events(image, in, "CodeImage.apply");
                 apply_events(image, in);
             })
        .def("undo",
             [](CodeImage& image, const py::array_t<Event>& events) {
                 const std::span<const Event> in{events.data(), static_cast<std::size_t>(events.size())};
                 check_events(image, in, "CodeImage.undo");
                 undo_events(image, in);
             })
        .def("__eq__", [](const CodeImage& a, const CodeImage& b) { return a == b; });
}

}  // namespace

void bind_base(py::module_& core) {
    py::module_ base = core.def_submodule("base");
    PYBIND11_NUMPY_DTYPE(Event, region, cell, stored, read);
    bind_draws(base);
    bind_codes(base);
    bind_image(base);
}

}  // namespace siliconbert
