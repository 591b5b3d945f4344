// Faults in stored cells and of activations: level statistics, misread probabilities, the events of a trial.
#include "bindings.hpp"
#include "siliconbert/base/check.hpp"
#include "siliconbert/faults/activation.hpp"
#include "siliconbert/faults/cell.hpp"
#include "siliconbert/faults/flip.hpp"
#include "siliconbert/faults/misread.hpp"
#include "siliconbert/faults/mixed.hpp"
#include "siliconbert/faults/truncated.hpp"

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

// Cell name -> bits that such a cell holds -> transitions.
using Matrices = std::map<std::string, std::map<int, InArray<double>>>;

MisreadTables::Statistics statistics(const Matrices& matrices) {
    MisreadTables::Statistics result;
    for (const auto& [name, by_bits] : matrices) {
        for (const auto& [bits, array] : by_bits) result[name].emplace(bits, from_matrix(array));
    }
    return result;
}

py::array_t<Event> event_array(const Disturb& fault, const CodeImage& image, std::uint64_t seed,
                               std::uint64_t trial, int threads) {
    std::vector<Event> events;
    {
        const py::gil_scoped_release released;
        events = fault.events(image, seed, trial, threads);
    }
    return to_array(std::move(events));
}

py::array_t<Flip> flip_array(const DisturbActivations& fault, const std::string& place, std::size_t count,
                             std::uint64_t seed, std::uint64_t trial, std::uint32_t sentence, int width,
                             const Fields& fields) {
    std::vector<Flip> found;
    fault.flips({place, seed, trial, sentence}, {width, fields}, count, found);
    return to_array(std::move(found));
}

// A fault whose events a Python function finds: (image, seed, trial) -> tuples (region, cell, stored, read).
// Any thread may ask for them.
class CalledFault : public Disturb {
 public:
    explicit CalledFault(py::function find) : find_(std::move(find)) {}

    std::vector<Event> events(const CodeImage& image, std::uint64_t seed, std::uint64_t trial,
                              int /*threads*/) const override {
        using Row = std::tuple<std::uint32_t, std::uint64_t, std::uint8_t, std::uint8_t>;
        const py::gil_scoped_acquire held;
        const py::object seen = py::cast(&image, py::return_value_policy::reference);
        std::vector<Event> found;
        for (const auto& [region, cell, stored, read] : find_(seen, seed, trial).cast<std::vector<Row>>()) {
            found.push_back({region, cell, stored, read});
        }
        check_events(image, found, "OwnFault");
        return found;
    }

 private:
    py::function find_;
};

void bind_cell(py::module_& faults) {
    faults.def(
        "thresholds",
        [](std::vector<double> means, std::vector<double> sigmas) {
            return to_array(thresholds({std::move(means), std::move(sigmas)}));
        },
        py::arg("means"), py::arg("sigmas"));
    faults.def(
        "transitions",
        [](std::vector<double> means, std::vector<double> sigmas, const std::vector<double>& at,
           bool adjacent_only) {
            return matrix(transitions({std::move(means), std::move(sigmas)}, at, adjacent_only));
        },
        py::arg("means"), py::arg("sigmas"), py::arg("thresholds"), py::arg("adjacent_only") = false);
}

void bind_stored(py::module_& faults) {
    py::class_<Disturb, std::shared_ptr<Disturb>>(faults, "Disturb")
        .def("events", &event_array, py::arg("image"), py::arg("seed"), py::arg("trial"),
             py::arg("threads") = 1);
    py::class_<CalledFault, Disturb, std::shared_ptr<CalledFault>>(faults, "CalledFault")
        .def(py::init<py::function>(), py::arg("find"));
    py::class_<CellFault, Disturb, std::shared_ptr<CellFault>>(faults, "CellFault")
        .def("expected", &expected, py::arg("image"), py::call_guard<py::gil_scoped_release>())
        .def(
            "transitions",
            [](const CellFault& fault, const CodeImage& image, std::size_t region, std::size_t place) {
                require(region < image.regions.size() && place < image.regions[region].cells_per_code(),
                        "transitions: region and place must be the image's, got ", region, " and ", place);
                return matrix(fault.transitions(image, region, place));
            },
            py::arg("image"), py::arg("region"), py::arg("place"));
    py::class_<BitChoice>(faults, "BitChoice")
        .def(py::init([](std::vector<std::string> regions, std::vector<std::string> fields,
                         std::vector<int> bits) {
                 return BitChoice{std::move(regions), std::move(fields), std::move(bits)};
             }),
             py::arg("regions"), py::arg("fields"), py::arg("bits"));
    const auto misread = [](const Matrices& matrices) { return CellMisread(statistics(matrices)); };
    const auto truncated = [](const Matrices& matrices) { return TruncatedMisread(statistics(matrices)); };
    py::class_<CellMisread, CellFault, std::shared_ptr<CellMisread>>(faults, "CellMisread")
        .def(py::init(misread), py::arg("transitions"));
    py::class_<TruncatedMisread, CellFault, std::shared_ptr<TruncatedMisread>>(faults, "TruncatedMisread")
        .def(py::init(truncated), py::arg("transitions"));
    py::class_<BitFlip, CellFault, std::shared_ptr<BitFlip>>(faults, "BitFlip")
        .def(py::init<double, BitChoice>(), py::arg("rate"), py::arg("choice"));
    py::class_<BitFlipCount, CellFault, std::shared_ptr<BitFlipCount>>(faults, "BitFlipCount")
        .def(py::init<std::uint64_t, BitChoice>(), py::arg("count"), py::arg("choice"));
    py::class_<StuckAt, CellFault, std::shared_ptr<StuckAt>>(faults, "StuckAt")
        .def(py::init<double, bool, BitChoice>(), py::arg("rate"), py::arg("value"), py::arg("choice"));
    py::class_<Mixed, CellFault, std::shared_ptr<Mixed>>(faults, "Mixed")
        .def(py::init([](const std::vector<std::shared_ptr<CellFault>>& parts) {
                 return Mixed({parts.begin(), parts.end()});
             }),
             py::arg("parts"));
}

void bind_activations(py::module_& faults) {
    PYBIND11_NUMPY_DTYPE(Flip, element, bit);
    py::class_<DisturbActivations, std::shared_ptr<DisturbActivations>>(faults, "DisturbActivations")
        .def(
            "at", [](const DisturbActivations& fault, const std::string& place) { return fault.at(place); },
            py::arg("place"))
        .def("flips", &flip_array, py::arg("place"), py::arg("count"), py::arg("seed"), py::arg("trial"),
             py::arg("sentence"), py::arg("width") = ActivationWord{}.width,
             py::arg("fields") = ActivationWord{}.fields);
    py::class_<ActivationFlip, DisturbActivations, std::shared_ptr<ActivationFlip>>(faults, "ActivationFlip")
        .def(py::init<double, std::vector<std::string>, std::vector<std::string>>(), py::arg("rate"),
             py::arg("places"), py::arg("fields"));
    py::class_<MixedActivations, DisturbActivations, std::shared_ptr<MixedActivations>>(faults,
                                                                                        "MixedActivations")
        .def(py::init([](const std::vector<std::shared_ptr<DisturbActivations>>& parts) {
                 return MixedActivations({parts.begin(), parts.end()});
             }),
             py::arg("parts"));
}

}  // namespace

void bind_faults(py::module_& core) {
    py::module_ faults = core.def_submodule("faults");
    bind_cell(faults);
    bind_stored(faults);
    bind_activations(faults);
}

}  // namespace siliconbert
