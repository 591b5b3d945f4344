// One choice for every operator of a network, under a budget: what the scheduler decides.
//
// Nothing here knows what a choice is. It has a time (of one invocation) and takes an amount of each resource
// (for all units of its operator); stages say how often each operator runs, the budget what is there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace siliconbert {

// What is made small: the sum of all stages' times, the slowest stage, or the slowest single invocation.
enum class Objective { kSum, kStage, kOperator };

struct Options {
    std::vector<double> time;         // by choice
    std::vector<double> amount;       // choices x resources
    std::vector<std::int32_t> level;  // rises from 0 by at most 1; a greedy step goes to the next level

    std::size_t size() const { return time.size(); }
};

struct Problem {
    std::size_t resources = 0;
    std::size_t stages = 0;
    std::vector<Options> operators;
    std::vector<double> calls;   // stages x operators: invocations
    std::vector<double> budget;  // by resource; infinity: unlimited

    double amount(std::size_t op, std::size_t choice, std::size_t resource) const {
        return operators[op].amount[choice * resources + resource];
    }
};

using Plan = std::vector<std::int32_t>;  // the choice of every operator

// The objective is the largest of these sums of times: rows x operators, how often each operator counts.
struct Sums {
    std::size_t rows = 0;
    std::size_t operators = 0;
    std::vector<double> weight;

    double at(std::size_t row, std::size_t op) const { return weight[row * operators + op]; }
};

// What a policy found. `choice` is empty where no plan fits the budget (or none was found, see `bound`).
struct Schedule {
    Plan choice;
    double objective = 0;
    double bound = 0;            // no plan that fits is below it; infinity: none fits
    std::vector<double> prices;  // by resource: what one more of it is worth, in time, to the relaxed problem
    std::size_t states = 0;      // plans and parts of plans looked at
};

// Throws where sizes do not match or numbers are negative or not finite.
void check_problem(const Problem& problem);
Sums sums(const Problem& problem, Objective objective);
double value(const Problem& problem, const Plan& plan, const Sums& sums);
std::vector<double> amounts(const Problem& problem, const Plan& plan);
bool fits(const Problem& problem, const Plan& plan);

}  // namespace siliconbert
