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

namespace {

std::string drawn(const Mask& mask) {
    std::string text;
    for (std::size_t i = 0; i < mask.kept.count(); ++i) text += mask.kept.at(i) != 0 ? '#' : '.';
    return text;
}

}  // namespace

TEST_CASE("every group keeps its share, at edges too") {
    const std::vector<float> scores{1, 9, 2, 8, 3,  //
                                    9, 1, 8, 2, 7,  //
                                    5, 5, 5, 5, 5};
    CHECK(drawn(prune(scores, 3, 5, NM{1, 2}, std::nullopt)) ==
          ".#.##"
          "#.#.#"
          "#.#.#");
    CHECK(drawn(prune(scores, 3, 5, Block{1, 1, Balance::Column}, 0.34)) ==
          ".#.#."
          "#.#.#"
          ".....");
    CHECK(drawn(prune(scores, 3, 5, Block{2, 2, Balance::Row}, 0.34)) ==
          "##..."
          "##..."
          "##...");
    CHECK(drawn(prune(scores, 3, 5, Block{1, 1, Balance::Bank, 4}, 0.3)) ==
          ".#.##"
          "#.#.#"
          "##..#");
    CHECK(drawn(prune(scores, 3, 5, Block{2, 2, Balance::Free}, 0.3)) ==
          "####."
          "####."
          ".....");
    CHECK(drawn(prune(scores, 3, 5, Head{1, 0}, 0.34)) ==
          "....."
          "#####"
          ".....");
    CHECK(drawn(prune(scores, 3, 5, Head{1, 1}, 0.4)) ==
          "##..."
          "##..."
          "##...");
}

TEST_CASE("a mask that breaks its pattern is named with the place") {
    Mask mask{2, 4, Codes(1, 8)};
    check_mask(mask, NM{1, 2});
    mask.kept.set(6, 1);
    check_mask(mask, NM{1, 2});
    CHECK_THROWS_WITH(check_mask(mask, Block{1, 1, Balance::Row}),
                      ContainsSubstring("rows 0-0, columns 0-3"));
    mask.kept.set(7, 1);
    CHECK_THROWS_WITH(check_mask(mask, NM{1, 2}), ContainsSubstring("got 2 in rows 1-1, columns 2-3"));
    CHECK_THROWS_WITH(check_mask(mask, Head{2, 0}), ContainsSubstring("got 2 of 8 weights"));
    CHECK_THROWS_WITH(check_mask(Mask{}, Unstructured{}), ContainsSubstring("at least one value"));
}
