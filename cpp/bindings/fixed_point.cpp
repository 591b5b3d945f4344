// The 16-bit special functions, row by row.
#include "siliconbert/transformer/fixed_point.hpp"

#include "siliconbert/base/check.hpp"
#include "transformer.hpp"

namespace siliconbert {

namespace {

using Rows = InArray<float>;

std::pair<std::size_t, std::size_t> size_of(const Rows& rows, const char* function) {
    require(rows.ndim() == 2 && rows.shape(1) > 0, function,
            ": x must have 2 dimensions and values in each row");
    return {static_cast<std::size_t>(rows.shape(0)), static_cast<std::size_t>(rows.shape(1))};
}

py::array_t<float> copy_of(const Rows& rows) {
    py::array_t<float> out = empty_like<float>(rows);
    std::copy_n(rows.data(), rows.size(), out.mutable_data());
    return out;
}

py::array_t<float> softmax(const Rows& x) {
    const auto [rows, columns] = size_of(x, "softmax");
    py::array_t<float> out = copy_of(x);
    float* values = out.mutable_data();
    const py::gil_scoped_release release;
    fixed_point::softmax_rows(values, rows, columns, 1);
    return out;
}

py::array_t<float> window(const Rows& x, const Rows& weights, bool renormalise) {
    const auto [rows, columns] = size_of(x, "window");
    require(weights.size() == x.size(), "window: weights must have the shape of x");
    py::array_t<float> out = copy_of(x);
    for (std::size_t i = 0; i < rows; ++i) {
        fixed_point::window_row(out.mutable_data() + i * columns, weights.data() + i * columns, columns,
                                renormalise);
    }
    return out;
}

py::array_t<float> layer_norm(const Rows& x, const Rows& gain, const Rows& shift) {
    const auto [rows, columns] = size_of(x, "layer_norm");
    require(view(gain).size() == columns && view(shift).size() == columns,
            "layer_norm: gain and shift must have one value a column, got ", gain.size(), " and ",
            shift.size(), " for ", columns);
    py::array_t<float> out = empty_like<float>(x);
    float* values = out.mutable_data();
    const py::gil_scoped_release release;
    fixed_point::layer_norm_rows(x.data(), nullptr, gain.data(), shift.data(), values, rows, columns);
    return out;
}

py::array_t<float> entropy(const Rows& x) {
    const auto [rows, columns] = size_of(x, "entropy");
    py::array_t<float> out(static_cast<py::ssize_t>(rows));
    for (std::size_t i = 0; i < rows; ++i) {
        out.mutable_data()[i] = fixed_point::entropy(x.data() + i * columns, columns);
    }
    return out;
}

}  // namespace

void bind_fixed_point(py::module_& transformer) {
    py::module_ fixed = transformer.def_submodule("fixed_point");
    fixed.def("softmax", &softmax, py::arg("x"));
    fixed.def("window", &window, py::arg("x"), py::arg("weights"), py::arg("renormalise"));
    fixed.def("layer_norm", &layer_norm, py::arg("x"), py::arg("gain"), py::arg("shift"));
    fixed.def("entropy", &entropy, py::arg("x"));
}

}  // namespace siliconbert
