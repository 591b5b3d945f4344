// Pruning patterns.
#include "bindings.hpp"
#include "siliconbert/sparsity/prune.hpp"

namespace siliconbert {

namespace {

Mask prune_array(const InArray<float>& scores, const Pattern& pattern, double density) {
    const auto rows = static_cast<std::size_t>(scores.shape(0));
    const auto columns = static_cast<std::size_t>(scores.shape(1));
    const auto in = view(scores);
    const py::gil_scoped_release released;
    return prune(in, rows, columns, pattern, density);
}

}  // namespace

void bind_sparsity(py::module_& core) {
    py::module_ sparsity = core.def_submodule("sparsity");
    py::class_<Unstructured>(sparsity, "Unstructured").def(py::init<>());
    sparsity.def("prune", &prune_array, py::arg("scores"), py::arg("pattern"), py::arg("density"));
}

}  // namespace siliconbert
