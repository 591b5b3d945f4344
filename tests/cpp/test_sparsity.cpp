#include <cmath>

#include "catch2.hpp"
#include "siliconbert/base/philox.hpp"
#include "siliconbert/sparsity/prune.hpp"

using namespace siliconbert;

TEST_CASE("the largest magnitudes survive, of ties the first") {
    const std::vector<float> scores{1, -2, 2, -2, 0.5F, 3};
    const Mask mask = prune(scores, 2, 3, Unstructured{}, 0.5);
    CHECK(mask.rows == 2);
    CHECK(mask.columns == 3);
    const std::vector<std::uint32_t> wanted{0, 1, 1, 0, 0, 1};
    for (std::size_t i = 0; i < wanted.size(); ++i) CHECK(mask.kept.at(i) == wanted[i]);
}

TEST_CASE("the density is met exactly, and at least one weight stays") {
    std::vector<float> scores(1001);
    for (std::size_t i = 0; i < scores.size(); ++i) {
        scores[i] = static_cast<float>(philox({static_cast<std::uint32_t>(i), 0, 0, 0}, {5, 6})[0] % 16);
    }
    for (const double density : {1e-9, 0.1, 0.3, 0.5, 0.9999, 1.0}) {
        const Mask mask = prune(scores, 7, 143, Unstructured{}, density);
        std::size_t kept = 0;
        for (std::size_t i = 0; i < scores.size(); ++i) kept += mask.kept.at(i);
        CHECK(kept == std::max<std::size_t>(1, static_cast<std::size_t>(std::floor(density * 1001 + 0.5))));
    }
}

TEST_CASE("scores and densities that mean nothing are refused") {
    const std::vector<float> scores{1, std::nanf("")};
    CHECK_THROWS_WITH(prune(scores, 1, 2, Unstructured{}, 0.5), ContainsSubstring("scores must be finite"));
    CHECK_THROWS_WITH(prune(scores, 1, 2, Unstructured{}, 0),
                      ContainsSubstring("density must be in (0, 1], got 0"));
    CHECK_THROWS_WITH(prune(scores, 1, 2, Unstructured{}, 1.01), ContainsSubstring("got 1.01"));
    CHECK_THROWS_WITH(prune({}, 0, 0, Unstructured{}, 1), ContainsSubstring("at least one"));
}
