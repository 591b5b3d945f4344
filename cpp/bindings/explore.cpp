// Design-space exploration: mean costs of histograms over designs, plans and targets; the Pareto front; the
// best thresholds and voltages for a trace.
#include "siliconbert/hardware/explore.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "hardware.hpp"
#include "siliconbert/base/check.hpp"
#include "siliconbert/base/parallel.hpp"
#include "siliconbert/hardware/front.hpp"
#include "siliconbert/hardware/policy.hpp"

namespace siliconbert {

namespace {

using Designs = std::vector<std::pair<Supply, LatencyPlan>>;

// points: designs x points x (V, Hz), 0 Hz for the planned voltage, NaN where there is nothing to evaluate;
// targets: ascending, seconds.
// Each array is designs x points x targets x histograms.
py::dict explore(const Designs& designs, const InArray<double>& points, const InArray<double>& targets,
                 const Histograms& all, int threads) {
    require(points.ndim() == 3 && points.shape(0) == static_cast<py::ssize_t>(designs.size()) &&
                points.shape(2) == 2,
            "explore: points must be designs x points x 2");
    const auto options = static_cast<std::size_t>(points.shape(1));
    for (const auto& [supply, plan] : designs) {
        check_supply(supply);
        require(plan.layers == static_cast<int>(all.layers) && plan.first == static_cast<int>(all.first),
                "explore: histograms must be of ", plan.layers, " layers, got ", all.layers);
    }
    const std::vector<py::ssize_t> shape{points.shape(0), points.shape(1), targets.size(),
                                         static_cast<py::ssize_t>(all.count)};
    py::array_t<double> energy(shape), latency(shape), late(shape);
    const std::array<double*, 3> out{energy.mutable_data(), latency.mutable_data(), late.mutable_data()};
    const auto at = view(points), seconds = view(targets);
    require(!seconds.empty() && seconds.front() > 0 && std::is_sorted(seconds.begin(), seconds.end()),
            "explore: targets must be positive and ascend");
    py::gil_scoped_release release;
    parallel_for(designs.size() * options, threads, [&](std::size_t row) {
        const auto& [supply, plan] = designs[row / options];
        const OperatingPoint point{at[2 * row], at[2 * row + 1]};
        const std::size_t start = row * seconds.size() * all.count;
        const Means means{out[0] + start, out[1] + start, out[2] + start};
        if (std::isnan(point.frequency)) {
            for (double* each : {means.energy, means.seconds, means.late}) {
                std::fill_n(each, seconds.size() * all.count, std::numeric_limits<double>::quiet_NaN());
            }
        } else if (point.frequency == 0) {
            explore_planned(supply, plan, seconds, all, means);
        } else {
            explore_fixed(supply, plan, point, seconds, all, means);
        }
    });
    py::gil_scoped_acquire acquire;
    py::dict table;
    table["energy"] = energy;
    table["latency"] = latency;
    table["late"] = late;
    return table;
}

py::array_t<std::uint8_t> front_array(const InArray<double>& numbers) {
    require(numbers.ndim() == 2, "front: numbers must have 2 dimensions, got ", numbers.ndim());
    const auto rows = view(numbers);
    const auto columns = static_cast<std::size_t>(numbers.shape(1));
    py::gil_scoped_release release;
    std::vector<std::uint8_t> found = front(rows, columns);
    py::gil_scoped_acquire acquire;
    return to_array(std::move(found));
}

py::dict best_array(const InArray<float>& entropy, const InArray<std::uint8_t>& correct,
                    const InArray<std::int32_t>& row, const InArray<double>& cuts,
                    const InArray<std::uint8_t>& predicted, int first, int last_ramp, const PlanTable& table,
                    double least_right, double most_late, bool tied, int threads) {
    require(entropy.ndim() == 2 && predicted.ndim() == 2 && predicted.shape(0) == cuts.size() + 1,
            "best_policy: entropy must be sentences x layers, predicted one more than cuts x rows");
    const ExitTrace trace{view(entropy), view(correct),   view(row),
                          view(cuts),    view(predicted), static_cast<int>(entropy.shape(1)),
                          first,         last_ramp};
    BestExits best;
    {
        py::gil_scoped_release release;
        best = best_exits(trace, table, {least_right, most_late}, tied, threads);
    }
    py::dict found;
    found["energy"] = best.energy;
    found["low"] = best.low;
    found["high"] = best.high;
    found["interval"] = best.interval;
    found["right"] = best.right;
    found["late"] = best.late;
    found["choice"] = best.choice;
    return found;
}

std::vector<std::vector<std::array<double, 4>>> lines_of(const PlanTable& table) {
    std::vector<std::vector<std::array<double, 4>>> found;
    for (const auto& lines : table.lines) {
        found.emplace_back();
        for (const Line& l : lines) {
            found.back().push_back({l.sentence, l.layer, l.point.voltage, l.point.frequency});
        }
    }
    return found;
}

void bind_policy(py::module_& hardware) {
    py::class_<PlanTable>(hardware, "PlanTable")
        .def(py::init([](const Supply& supply, const LatencyPlan& plan, std::pair<double, double> start,
                         bool paper, bool idle) {
                 check_supply(supply);
                 check_plan(plan);
                 return plan_table(supply, plan, {start.first, start.second}, paper, idle);
             }),
             py::arg("supply"), py::arg("plan"), py::arg("start"), py::arg("paper"), py::arg("idle"))
        .def_readonly("leave", &PlanTable::leave)
        .def_readonly("late", &PlanTable::late)
        .def_property_readonly("lines", &lines_of);
    hardware.def(
        "foreseen", [](const std::vector<PlanTable>& tables) { return foreseen(tables); }, py::arg("tables"));
    hardware.def("best_exits", &best_array, py::arg("entropy"), py::arg("correct"), py::arg("row"),
                 py::arg("cuts"), py::arg("predicted"), py::arg("first"), py::arg("last_ramp"),
                 py::arg("table"), py::arg("least_right"), py::arg("most_late"), py::arg("tied"),
                 py::arg("threads"));
}

}  // namespace

void bind_explore(py::module_& hardware) {
    py::class_<Histograms>(hardware, "Histograms")
        .def(py::init([](const InArray<double>& joint, std::size_t layers, std::size_t first) {
                 return histograms(view(joint), layers, first);
             }),
             py::arg("joint"), py::arg("layers"), py::arg("first"));
    hardware.def("explore", &explore, py::arg("designs"), py::arg("points"), py::arg("targets"),
                 py::arg("histograms"), py::arg("threads"));
    hardware.def("front", &front_array, py::arg("numbers"));
    bind_policy(hardware);
}

}  // namespace siliconbert
