#include <cmath>

#include "catch2.hpp"
#include "siliconbert/faults/cell.hpp"

using namespace siliconbert;

TEST_CASE("equal sigmas are told apart half way, with the textbook tail") {
    const Transitions p = transitions({{0, 1}, {0.1, 0.1}});
    CHECK(thresholds({{0, 1}, {0.1, 0.1}}).at(0) == Approx(0.5));
    CHECK(p.at(0, 1) == Approx(2.866515719e-07).epsilon(1e-8));  // P(X > 5)
    CHECK(p.at(1, 0) == Approx(2.866515719e-07).epsilon(1e-8));
    CHECK(p.at(0, 0) == 1 - p.at(0, 1));
}

TEST_CASE("the densities of neighbours are equal at a threshold") {
    const Cell cell{{0, 0.4, 1}, {0.02, 0.1, 0.05}};
    const auto density = [&](std::size_t level, double t) {
        const double z = (t - cell.means[level]) / cell.sigmas[level];
        return std::exp(-z * z / 2) / cell.sigmas[level];
    };
    const std::vector<double> found = thresholds(cell);
    for (std::size_t i = 0; i < 2; ++i) CHECK(density(i, found[i]) == Approx(density(i + 1, found[i])));
}

TEST_CASE("rows sum to 1 and far levels keep their tiny probability") {
    const Transitions p = transitions({{0, 1, 2, 3}, {0.1, 0.1, 0.1, 0.1}});
    for (std::size_t stored = 0; stored < 4; ++stored) {
        double sum = 0;
        for (std::size_t read = 0; read < 4; ++read) sum += p.at(stored, read);
        CHECK(sum == Approx(1).epsilon(1e-15));
    }
    CHECK(p.at(0, 2) == Approx(3.6709662e-51).epsilon(1e-6));  // P(X > 15)
}

TEST_CASE("a cell that cannot be read is refused") {
    CHECK_THROWS_WITH(transitions({{0}, {0.1}}), ContainsSubstring("at least 2"));
    CHECK_THROWS_WITH(transitions({{0, 0}, {0.1, 0.1}}), ContainsSubstring("must ascend"));
    CHECK_THROWS_WITH(transitions({{0, 1}, {0.1, 0}}), ContainsSubstring("must be positive"));
    CHECK_THROWS_WITH(transitions({{0, 0.01}, {0.01, 1}}), ContainsSubstring("must cross"));
}
