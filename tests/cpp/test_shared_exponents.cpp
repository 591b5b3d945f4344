#include <cmath>

#include "catch2.hpp"
#include "siliconbert/base/philox.hpp"
#include "siliconbert/formats/format.hpp"

using namespace siliconbert;

namespace {

// Families whose codes and parameters may be anything, each in a few shapes.
std::vector<Family> some_families() {
    std::vector<Family> found;
    for (const int width : {2, 5, 8, 11, 16}) {
        found.emplace_back(BlockFloat{width, Rounding::nearest_even});
        found.emplace_back(BlockFloat{width, Rounding::stochastic});
        for (int bits = 0; bits <= Posit{width, 0}.most_exponent_bits(); ++bits) {
            found.emplace_back(Posit{width, bits});
        }
    }
    for (std::size_t i = 0; i < microscaling_elements().size(); ++i) {
        found.emplace_back(Microscaling{static_cast<MicroscalingElement>(i), Rounding::nearest_even});
        found.emplace_back(Microscaling{static_cast<MicroscalingElement>(i), Rounding::stochastic});
    }
    for (const int width : {1, 3, 8}) found.emplace_back(Codebook{width, {}});
    found.emplace_back(Codebook{2, {-1, 0, 1}});
    return found;
}

PhiloxCounter draw(std::size_t i) { return philox({static_cast<std::uint32_t>(i), 0, 0, 0}, {5, 6}); }

std::vector<std::uint8_t> any_bytes(std::size_t count, std::size_t seed) {
    std::vector<std::uint8_t> bytes(count);
    for (std::size_t i = 0; i < count; ++i) {
        bytes[i] = static_cast<std::uint8_t>(draw(seed * 4096 + i)[0] >> 24);
    }
    return bytes;
}

}  // namespace

TEST_CASE("any parameter bytes and any code have a value, and values have a code of the width") {
    for (const Family& family : some_families()) {
        for (std::size_t seed = 0; seed < 300; ++seed) {
            Format format{family, Sharing::tensor, 0, {}};
            format.parameters = any_bytes(parameter_bytes(format), seed);
            const std::vector<float> values = values_of_codes(format);
            REQUIRE(values.size() == std::size_t{1} << width(format));
            std::visit(
                [&](const auto& each) {
                    const auto with = coder(each, format.parameters);
                    for (std::size_t i = 0; i < 64; ++i) {
                        const auto value = std::bit_cast<float>(draw(i)[seed % 4]);
                        if (!std::isfinite(value)) continue;
                        REQUIRE(with.encode(value) >> width(format) == 0);
                        if constexpr (requires { with.encode(value, std::uint32_t{}); }) {
                            REQUIRE(with.encode(value, draw(i)[0]) >> width(format) == 0);
                        }
                    }
                },
                family);
        }
    }
}

TEST_CASE("an exponent of zeros is the lowest, a scale of zeros the smallest, and both are read back") {
    std::vector<std::uint8_t> byte(1);
    const std::vector<float> zeros(3);
    fit(BlockFloat{}, zeros, byte);
    CHECK(byte[0] == 0x80);
    fit(Microscaling{}, zeros, byte);
    CHECK(byte[0] == 0);
    CHECK(coder(BlockFloat{4, Rounding::nearest_even}, byte).decode(7) == 1.75F);
    CHECK(std::isnan(coder(Microscaling{}, std::vector<std::uint8_t>{255}).decode(0)));
}

TEST_CASE("k-means: few values are kept, many are halved where they part") {
    CHECK(k_means(std::vector<float>{3, -0.0F, 3, 1}, 4) == std::vector<float>{0, 1, 3, 3});
    CHECK(k_means({}, 2) == std::vector<float>{0, 0});
    CHECK(k_means(std::vector<float>{1, 2, 3, 101, 102, 103}, 2) == std::vector<float>{2, 102});
}
