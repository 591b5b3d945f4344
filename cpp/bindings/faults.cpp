// Faults in stored cells: level statistics, misread probabilities, the events of a trial.
#include "bindings.hpp"
#include "siliconbert/base/check.hpp"
#include "siliconbert/faults/cell.hpp"
#include "siliconbert/faults/misread.hpp"

namespace siliconbert {

namespace {

py::array_t<double> matrix(const Transitions& transitions) {
    py::array_t<double> out({transitions.levels, transitions.levels});
    std::copy(transitions.probability.begin(), transitions.probability.end(), out.mutable_data());
    return out;
}

Transitions from_matrix(const InArray<double>& array) {
    require(array.ndim() == 2 && array.shape(0) == array.shape(1),
            "CellMisread: transitions must be square matrices, got ", array.ndim(), " dimensions and ",
            array.size(), " numbers");
    const auto values = view(array);
    return {static_cast<std::size_t>(array.shape(0)), {values.begin(), values.end()}};
}

}  // namespace

void bind_faults(py::module_& core) {
    py::module_ faults = core.def_submodule("faults");
    faults.def(
        "thresholds",
        [](std::vector<double> means, std::vector<double> sigmas) {
            return to_array(thresholds({std::move(means), std::move(sigmas)}));
        },
        py::arg("means"), py::arg("sigmas"));
    faults.def(
        "transitions",
        [](std::vector<double> means, std::vector<double> sigmas) {
            return matrix(transitions({std::move(means), std::move(sigmas)}));
        },
        py::arg("means"), py::arg("sigmas"));
    py::class_<Disturb>(faults, "Disturb")
        .def(
            "events",
            [](const Disturb& fault, const CodeImage& image, std::uint64_t seed, std::uint64_t trial,
               int threads) {
                std::vector<Event> events;
                {
                    py::gil_scoped_release release;
                    events = fault.events(image, seed, trial, threads);
                }
                return to_array(std::move(events));
            },
            py::arg("image"), py::arg("seed"), py::arg("trial"), py::arg("threads") = 1);
    py::class_<CellMisread, Disturb>(faults, "CellMisread")
        .def(py::init([](const std::map<std::string, std::vector<InArray<double>>>& matrices) {
                 std::map<std::string, std::vector<Transitions>> transitions;
                 for (const auto& [name, by_bits] : matrices) {
                     for (const auto& array : by_bits) transitions[name].push_back(from_matrix(array));
                 }
                 return CellMisread(transitions);
             }),
             py::arg("transitions"))
        .def("expected", &CellMisread::expected, py::arg("image"), py::call_guard<py::gil_scoped_release>());
}

}  // namespace siliconbert
