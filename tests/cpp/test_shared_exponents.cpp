// Small floats, fixed point, integers and binary: every code, and any bytes of parameters.
#include <cmath>

#include "catch2.hpp"
#include "siliconbert/base/philox.hpp"
#include "siliconbert/formats/format.hpp"

using namespace siliconbert;

namespace {

std::uint32_t bits(float value) { return std::bit_cast<std::uint32_t>(value); }

std::vector<Minifloat> small_floats(int widest) {
    std::vector<Minifloat> formats;
    for (const Special special : {Special::ieee, Special::fn, Special::finite, Special::fnuz}) {
        for (int e = 1; e <= 8; ++e) {
            for (int m = special == Special::ieee ? 1 : 0; 1 + e + m <= widest; ++m) {
                const Minifloat format{e, m, special, usual_bias(e, special)};
                const bool in_float32 = e < 8 || special == Special::ieee;
                if (in_float32 && codes_of(format).largest > 0) formats.push_back(format);
            }
        }
    }
    return formats;
}

std::vector<Format> some_formats() {
    std::vector<Format> formats;
    for (Minifloat each : small_floats(8)) {
        for (const Rounding how : {Rounding::nearest_even, Rounding::toward_zero}) {
            each.rounding = how;
            each.scaled = how == Rounding::toward_zero;
            formats.push_back({.family = each});
        }
    }
    formats.push_back({.family = Fixed{3, 4}});
    for (const int width : {2, 8, 16}) {
        formats.push_back({.family = Integer{width, true}});
        formats.push_back({.family = Integer{width, false, Rounding::nearest_away}});
    }
    formats.push_back({.family = Binary{}});
    return formats;
}

std::vector<float> random_floats(std::uint32_t count) {
    std::vector<float> values;
    for (std::uint32_t i = 0; i < count; ++i) {
        for (const std::uint32_t word : philox({i, 0, 0, 0}, {5, 6})) {
            if (std::isfinite(std::bit_cast<float>(word))) values.push_back(std::bit_cast<float>(word));
        }
    }
    return values;
}

}  // namespace

TEST_CASE("small floats: every finite code comes back, in the scalar and in the vector path") {
    for (const Minifloat& format : small_floats(11)) {
        const MinifloatCoder with = coder(format, {});
        const auto codes = static_cast<std::uint32_t>(1) << width(format);
        for (std::uint32_t code = 0; code < codes; ++code) {
            const float value = with.decode(code);
            if (!std::isfinite(value)) continue;
            std::uint32_t fast = 0;
            encode(with, &value, &fast, 1);
            REQUIRE(with.encode(value) == code);
            REQUIRE(fast == code);
        }
    }
}

TEST_CASE("bytes of float32 and bfloat16's codes are one another's halves") {
    const Minifloat bf16{8, 7, Special::ieee, 127, Rounding::toward_zero, Overflow::ieee};
    const MinifloatCoder with = coder(bf16, {});
    for (const float value : random_floats(5000)) REQUIRE(with.encode(value) == bits(value) >> 16);
}

TEST_CASE("OCP's largest values and what lies beyond them") {
    const auto encoded = [](const Minifloat& format, float value) { return coder(format, {}).encode(value); };
    Minifloat e4m3{4, 3, Special::fn, 7};
    CHECK(coder(e4m3, {}).decode(0x7E) == 448);
    CHECK(encoded(e4m3, 1e9F) == 0x7E);
    e4m3.overflow = Overflow::ieee;
    CHECK(encoded(e4m3, 464) == 0x7E);  // the tie with 480, which would be NaN's code, goes to the even code
    CHECK(encoded(e4m3, std::nextafter(464.0F, 500.0F)) == 0x7F);
    Minifloat e5m2{5, 2, Special::ieee, 15};
    CHECK(encoded(e5m2, 61440) == 0x7B);
    e5m2.overflow = Overflow::ieee;
    CHECK(encoded(e5m2, 61440) == 0x7C);
    e5m2.rounding = Rounding::toward_zero;
    CHECK(encoded(e5m2, 1e30F) == 0x7B);
    CHECK(encoded(e5m2, std::numeric_limits<float>::infinity()) == 0x7C);
}

TEST_CASE("any bytes of parameters decode every code, and encode too") {
    const std::vector<float> values = random_floats(50);
    for (Format format : some_formats()) {
        const std::size_t size = parameter_bytes(format);
        for (std::uint32_t trial = 0; trial < 40; ++trial) {
            const PhiloxCounter words = philox({trial, 1, 0, 0}, {7, 8});
            format.parameters.resize(size);
            for (std::size_t i = 0; i < size; ++i) {
                format.parameters[i] = static_cast<std::uint8_t>(words[i / 4] >> 8 * (i % 4));
            }
            if (trial == 0) format.parameters.assign(size, 0);
            if (trial == 1) format.parameters.assign(size, 0xFF);
            CHECK(values_of_codes(format).size() == std::size_t{1} << width(format));
            std::vector<std::uint16_t> codes(values.size());
            encode<std::uint16_t>(values, values.size(), format, codes, 1);
            for (const std::uint16_t code : codes) REQUIRE(code >> width(format) == 0);
        }
    }
}

TEST_CASE("scales never vanish and never overflow") {
    const float least = std::numeric_limits<float>::denorm_min();
    const float most = std::numeric_limits<float>::max();
    for (const Format& shape : some_formats()) {
        for (const std::vector<float>& values : std::vector<std::vector<float>>{
                 {0, 0}, {least, 0}, {most, 1}, {-most, most}, {-most / 3, most}, {}}) {
            const Format format = fit_format(values, values.size(), nullptr, shape, 1);
            std::vector<float> rounded(values.size());
            quantize(values, values.size(), format, rounded, 1);
            for (const float value : rounded) REQUIRE(std::isfinite(value));
        }
    }
}

TEST_CASE("stochastic draws do not depend on threads, and at zero or beyond a value nothing is drawn") {
    const std::vector<float> values = random_floats(20000);
    Minifloat small{4, 3, Special::fn, 7, Rounding::stochastic};
    const std::vector<Format> formats{
        {.family = small},
        {.family = Fixed{3, 4, Rounding::stochastic}},
        fit_format(values, 1, nullptr, {.family = Integer{8, true, Rounding::stochastic}}, 1)};
    for (const Format& format : formats) {
        std::vector<float> first(values.size());
        quantize(values, 1, format, first, 1, {9, "w"});
        for (const int threads : {2, 3, 7}) {
            std::vector<float> rounded(values.size());
            quantize(values, 1, format, rounded, threads, {9, "w"});
            REQUIRE(rounded == first);
        }
        std::vector<float> again(values.size());
        quantize(first, 1, format, again, 1, {10, "w"});
        REQUIRE(again == first);
    }
}

TEST_CASE("shapes that are no family are refused") {
    CHECK_THROWS_WITH(check(Minifloat{0, 3}), ContainsSubstring("exponent_bits must be in 1..8, got 0"));
    CHECK_THROWS_WITH(check(Minifloat{5, 11}), ContainsSubstring("mantissa_bits must be in 1..10"));
    CHECK_THROWS_WITH(check(Minifloat{8, 3, Special::fn, 127}),
                      ContainsSubstring("bias must be in 128..127"));
    CHECK_THROWS_WITH(check(Minifloat{4, 3, Special::finite, 7, Rounding::nearest_even, Overflow::ieee}),
                      ContainsSubstring("overflow must be saturate for a finite format"));
    CHECK_THROWS_WITH(check(Fixed{8, 8}), ContainsSubstring("together 1..15, got 8 and 8"));
    CHECK_THROWS_WITH(check(Integer{17}), ContainsSubstring("width must be in 2..16, got 17"));
    CHECK_THROWS_WITH(rounding("up", "Fixed: rounding"), ContainsSubstring("stochastic; got 'up'"));
}
