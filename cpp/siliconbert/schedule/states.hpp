// The states of a dynamic programme: rows of numbers with a bound, which came from where; which of them to
// keep.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace siliconbert {

struct States {
    std::size_t dims = 0;
    std::vector<double> numbers{};  // states x dims
    std::vector<double> cost{};
    std::vector<double> bound{};
    std::vector<std::uint32_t> parent{};
    std::vector<std::int16_t> choice{};

    std::size_t size() const { return parent.size(); }
    const double* at(std::size_t i) const { return numbers.data() + i * dims; }
    void add(std::span<const double> row, double row_cost, double row_bound, std::size_t from, std::size_t c);
    // Places in ascending order.
    void keep(const std::vector<std::size_t>& which);
};

using Compare = std::function<bool(std::size_t, std::size_t)>;

// Places of the `count` states with the lowest bounds, ascending, and the lowest bound of the others.
struct Promising {
    std::vector<std::size_t> places;
    double dropped;
};
Promising most_promising(const States& states, std::size_t count);

// Places of the states that no other makes superfluous, ascending. Of states with equal numbers `earlier`
// tells which is looked at first; of a state that is nowhere larger than another `settles` tells whether that
// one can go. Each state is compared with a limited number of others: some that could go may stay.
std::vector<std::size_t> undominated(const States& states, const Compare& earlier, const Compare& settles);

}  // namespace siliconbert
