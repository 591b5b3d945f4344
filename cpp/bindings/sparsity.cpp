// Pruning patterns.
#include <map>

#include "bindings.hpp"
#include "siliconbert/base/check.hpp"
#include "siliconbert/sparsity/prune.hpp"

namespace siliconbert {

namespace {

Mask prune_array(const InArray<float>& scores, const Pattern& pattern, std::optional<double> density) {
    const auto rows = static_cast<std::size_t>(scores.shape(0));
    const auto columns = static_cast<std::size_t>(scores.shape(1));
    const auto in = view(scores);
    const py::gil_scoped_release released;
    return prune(in, rows, columns, pattern, density);
}

Balance balance(const std::string& name) {
    static const std::map<std::string, Balance> known{
        {"free", Balance::Free}, {"row", Balance::Row}, {"column", Balance::Column}, {"bank", Balance::Bank}};
    const auto found = known.find(name);
    require(found != known.end(), "Block: balance must be one of free, row, column, bank; got '", name, "'");
    return found->second;
}

template <class P>
P checked(P pattern) {
    require_pattern(pattern);
    return pattern;
}

}  // namespace

void bind_sparsity(py::module_& core) {
    py::module_ sparsity = core.def_submodule("sparsity");
    py::class_<Unstructured>(sparsity, "Unstructured").def(py::init<>());
    py::class_<NM>(sparsity, "NM")
        .def(py::init([](int n, int m) {
                 return checked(NM{n, m});
             }),
             py::arg("n"), py::arg("m"));
    py::class_<Block>(sparsity, "Block")
        .def(py::init([](int rows, int columns, const std::string& spread, int bank) {
                 return checked(Block{rows, columns, balance(spread), bank});
             }),
             py::arg("rows"), py::arg("columns"), py::arg("balance"), py::arg("bank"));
    py::class_<Head>(sparsity, "Head")
        .def(py::init([](int width, int axis) {
                 return checked(Head{width, axis});
             }),
             py::arg("width"), py::arg("axis"));
    sparsity.def("prune", &prune_array, py::arg("scores"), py::arg("pattern"), py::arg("density"));
    sparsity.def("check", &check_mask, py::arg("mask"), py::arg("pattern"),
                 py::call_guard<py::gil_scoped_release>());
}

}  // namespace siliconbert
