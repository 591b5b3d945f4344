// Plans under a budget.
#include <tuple>

#include "bindings.hpp"
#include "siliconbert/base/check.hpp"
#include "siliconbert/schedule/solve.hpp"

namespace siliconbert {

namespace {

using Operators = std::vector<std::tuple<InArray<double>, InArray<double>, InArray<std::int32_t>>>;

std::vector<double> copied(const InArray<double>& array) {
    return {array.data(), array.data() + array.size()};
}

// operators: of each (time by choice, amounts choices x resources, level by choice).
Problem make_problem(const Operators& operators, const InArray<double>& calls,
                     const InArray<double>& budget) {
    Problem problem;
    require(calls.ndim() == 2, "schedule: calls must be stages x operators, got ", calls.ndim(),
            " dimensions");
    problem.resources = static_cast<std::size_t>(budget.size());
    problem.stages = static_cast<std::size_t>(calls.shape(0));
    problem.calls = copied(calls);
    problem.budget = copied(budget);
    for (const auto& [time, amount, level] : operators) {
        problem.operators.push_back(
            {copied(time), copied(amount), {level.data(), level.data() + level.size()}});
    }
    return problem;
}

py::dict solve_problem(const Operators& operators, const InArray<double>& calls,
                       const InArray<double>& budget, Policy policy, Objective objective, std::size_t width,
                       double tolerance) {
    const Problem problem = make_problem(operators, calls, budget);
    Schedule found;
    {
        py::gil_scoped_release release;
        found = solve(problem, policy, objective, {width, tolerance});
    }
    py::dict table;
    table["choice"] = found.choice;
    table["objective"] = found.objective;
    table["bound"] = found.bound;
    table["prices"] = found.prices;
    table["states"] = found.states;
    return table;
}

}  // namespace

void bind_schedule(py::module_& core) {
    py::module_ schedule = core.def_submodule("schedule");
    py::enum_<Policy>(schedule, "Policy")
        .value("greedy_stop", Policy::kGreedyStop)
        .value("greedy_freeze", Policy::kGreedyFreeze)
        .value("greedy_stage", Policy::kGreedyStage)
        .value("marginal", Policy::kMarginal)
        .value("exact", Policy::kExact);
    py::enum_<Objective>(schedule, "Objective")
        .value("sum", Objective::kSum)
        .value("stage", Objective::kStage)
        .value("operator", Objective::kOperator);
    schedule.def("solve", &solve_problem, py::arg("operators"), py::arg("calls"), py::arg("budget"),
                 py::arg("policy"), py::arg("objective"), py::arg("width"), py::arg("tolerance"));
}

}  // namespace siliconbert
