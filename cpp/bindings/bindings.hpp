// What the binding files share: one function per core folder, and arrays in and out.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <cstdint>
#include <span>
#include <vector>

namespace py = pybind11;

namespace siliconbert {

void bind_base(py::module_& core);
void bind_formats(py::module_& core);
void bind_sparsity(py::module_& core);
void bind_storage(py::module_& core);
void bind_faults(py::module_& core);
void bind_exits(py::module_& core);
void bind_hardware(py::module_& core);
void bind_schedule(py::module_& core);
void bind_transformer(py::module_& core);

template <class T>
using InArray = py::array_t<T, py::array::c_style | py::array::forcecast>;

template <class T>
std::span<const T> view(const InArray<T>& array) {
    return {array.data(), static_cast<std::size_t>(array.size())};
}

// An uninitialised array of the shape of `like`.
template <class Out, class In>
py::array_t<Out> empty_like(const InArray<In>& like) {
    return py::array_t<Out>(std::vector<py::ssize_t>(like.shape(), like.shape() + like.ndim()));
}

// The vector's memory as an array, without a copy.
template <class T>
py::array_t<T> to_array(std::vector<T> values) {
    auto* kept = new std::vector<T>(std::move(values));
    const py::capsule owner(kept, [](void* memory) { delete static_cast<std::vector<T>*>(memory); });
    return py::array_t<T>(static_cast<py::ssize_t>(kept->size()), kept->data(), owner);
}

}  // namespace siliconbert
