#include <array>
#include <cmath>
#include <limits>

#include "catch2.hpp"
#include "siliconbert/transformer/fixed_point.hpp"

using namespace siliconbert;

TEST_CASE("codes of Q6.10 saturate and round ties up") {
    CHECK(fixed_point::encode(1.0F) == 1024);
    CHECK(fixed_point::encode(0.5F / 1024) == 1);
    CHECK(fixed_point::encode(-0.5F / 1024) == 0);
    CHECK(fixed_point::encode(1e30F) == 32767);
    CHECK(fixed_point::encode(-std::numeric_limits<float>::infinity()) == -32768);
    CHECK(fixed_point::encode(std::nanf("")) == 0);
}

TEST_CASE("straight lines by hand") {
    CHECK(fixed_point::exponential(0) == 1024);
    CHECK(fixed_point::exponential(-32768) == 0);
    // -0.75 ln 2 is -532 codes; times log2(e) -768: 2^-1 2^(1/4), 1.18921 / 2 of 1024.
    CHECK(fixed_point::exponential(-532) == 609);
    CHECK(fixed_point::logarithm(1024) == 0);
    CHECK(fixed_point::logarithm(2048) == 710);  // ln 2 of 1024
    CHECK(fixed_point::inverse_root(1024) == 1024);
    CHECK(fixed_point::inverse_root(4096) == 512);
    CHECK(fixed_point::inverse_root(1) == 32767);  // 32 of 1024: just beyond
}

TEST_CASE("rows with nothing sensible in them stay in range") {
    constexpr float infinity = std::numeric_limits<float>::infinity();
    std::array<float, 4> row{infinity, -infinity, std::nanf(""), 1e30F};
    const std::array<float, 4> gain{1e9F, -1e9F, 1, 0}, shift{infinity, -infinity, 0, 0};
    std::array<float, 4> out{};
    fixed_point::layer_norm_rows(row.data(), row.data(), gain.data(), shift.data(), out.data(), 1, 4);
    for (const float value : out) CHECK(std::abs(value) <= 32);
    CHECK(std::isfinite(fixed_point::entropy(row.data(), 4)));
    fixed_point::softmax_rows(row.data(), 1, 4, 1e9F);
    for (const float value : row) CHECK((value >= 0 && value <= 1));
    fixed_point::window_row(row.data(), gain.data(), 4, true);
    for (const float value : row) CHECK(std::isfinite(value));
}
