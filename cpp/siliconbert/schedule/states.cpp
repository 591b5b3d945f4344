#include "siliconbert/schedule/states.hpp"

#include <algorithm>
#include <numeric>
#include <tuple>

namespace siliconbert {

namespace {

constexpr std::size_t kCompared = 64;

std::vector<std::size_t> places(std::size_t count) {
    std::vector<std::size_t> found(count);
    std::iota(found.begin(), found.end(), std::size_t{0});
    return found;
}

// Sums of the numbers, each as a share of the largest of its kind: what dominates another has no larger one.
std::vector<double> sizes(const States& states) {
    std::vector<double> scale(states.dims, 0.0), found(states.size(), 0.0);
    for (std::size_t i = 0; i < states.size(); ++i) {
        for (std::size_t d = 0; d < states.dims; ++d) scale[d] = std::max(scale[d], states.at(i)[d]);
    }
    for (std::size_t i = 0; i < states.size(); ++i) {
        for (std::size_t d = 0; d < states.dims; ++d) {
            if (scale[d] > 0) found[i] += states.at(i)[d] / scale[d];
        }
    }
    return found;
}

bool nowhere_larger(const States& states, std::size_t a, std::size_t b) {
    const double *x = states.at(a), *y = states.at(b);
    for (std::size_t d = 0; d < states.dims; ++d) {
        if (x[d] > y[d]) return false;
    }
    return true;
}

template <class T>
void keep_of(std::vector<T>& values, const std::vector<std::size_t>& which) {
    for (std::size_t to = 0; to < which.size(); ++to) values[to] = values[which[to]];
    values.resize(which.size());
}

}  // namespace

void States::add(std::span<const double> row, double row_cost, double row_bound, std::size_t from,
                 std::size_t c) {
    numbers.insert(numbers.end(), row.begin(), row.end());
    cost.push_back(row_cost);
    bound.push_back(row_bound);
    parent.push_back(static_cast<std::uint32_t>(from));
    choice.push_back(static_cast<std::int16_t>(c));
}

void States::keep(const std::vector<std::size_t>& which) {
    if (which.size() == size()) return;
    for (std::size_t to = 0; to < which.size(); ++to) {
        std::copy_n(at(which[to]), dims, numbers.data() + to * dims);
    }
    numbers.resize(which.size() * dims);
    keep_of(cost, which);
    keep_of(bound, which);
    keep_of(parent, which);
    keep_of(choice, which);
}

Promising most_promising(const States& states, std::size_t count) {
    std::vector<std::size_t> order = places(states.size());
    const auto middle = order.begin() + static_cast<std::ptrdiff_t>(count);
    std::nth_element(order.begin(), middle, order.end(), [&](std::size_t a, std::size_t b) {
        return std::tie(states.bound[a], a) < std::tie(states.bound[b], b);
    });
    const double dropped = states.bound[*middle];
    order.resize(count);
    std::sort(order.begin(), order.end());
    return {order, dropped};
}

std::vector<std::size_t> undominated(const States& states, const Compare& earlier, const Compare& settles) {
    const std::vector<double> size = sizes(states);
    std::vector<std::size_t> order = places(states.size()), kept, compared;
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return size[a] != size[b] ? size[a] < size[b] : earlier(a, b);
    });
    for (const std::size_t i : order) {
        const auto by = std::find_if(compared.begin(), compared.end(), [&](std::size_t k) {
            return nowhere_larger(states, k, i) && settles(k, i);
        });
        if (by != compared.end()) {
            // What beats one often beats the next.
            std::rotate(compared.begin(), by, by + 1);
            continue;
        }
        kept.push_back(i);
        if (compared.size() == kCompared) compared.pop_back();
        compared.insert(compared.begin(), i);
    }
    std::sort(kept.begin(), kept.end());
    return kept;
}

}  // namespace siliconbert
