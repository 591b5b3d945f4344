#include <cmath>

#include "catch2.hpp"
#include "siliconbert/base/philox.hpp"
#include "siliconbert/formats/format.hpp"

using namespace siliconbert;

namespace {

std::vector<float> some_values(std::size_t count) {
    std::vector<float> values(count);
    for (std::size_t i = 0; i < count; ++i) {
        const PhiloxCounter words = philox({static_cast<std::uint32_t>(i), 0, 0, 0}, {3, 4});
        values[i] = static_cast<float>(uniform(words[0], words[1])) - 0.4F;
    }
    return values;
}

Format adaptivfloat(int width, Sharing sharing = Sharing::tensor, std::size_t group = 0) {
    return {AdaptivFloat{width, 4, AdaptivFloatVariant::algorithm1, 0}, sharing, group, {}};
}

}  // namespace

TEST_CASE("arrays are the same bits at any number of threads, whoever shares parameters") {
    constexpr std::size_t columns = 101;
    const std::vector<float> values = some_values(columns * 997);
    for (const Format& shape : {adaptivfloat(8), adaptivfloat(11), adaptivfloat(8, Sharing::row),
                                adaptivfloat(6, Sharing::group, 32)}) {
        const Format format = fit_format(values, columns, nullptr, shape, 1);
        std::vector<std::uint16_t> first(values.size());
        encode<std::uint16_t>(values, columns, format, first, 1);
        std::vector<float> decoded(values.size());
        decode<std::uint16_t>(first, columns, format, decoded, 1);
        for (const int threads : {2, 3, 7}) {
            CHECK(fit_format(values, columns, nullptr, shape, threads) == format);
            std::vector<std::uint16_t> codes(values.size());
            encode<std::uint16_t>(values, columns, format, codes, threads);
            CHECK(codes == first);
            std::vector<float> rounded(values.size());
            quantize(values, columns, format, rounded, threads);
            CHECK(rounded == decoded);
        }
        const Decoder value_of(format, columns);
        for (std::size_t i = 0; i < values.size(); ++i) REQUIRE(value_of(first[i], i) == decoded[i]);
    }
}

TEST_CASE("an element's parameter set follows from its row and column") {
    const Sets groups(adaptivfloat(8, Sharing::group, 4), 10);  // 4 + 4 + 2 columns
    const std::vector<std::size_t> of_row{0, 0, 0, 0, 1, 1, 1, 1, 2, 2};
    for (std::size_t i = 0; i < 30; ++i) CHECK(groups.of(i) == i / 10 * 3 + of_row[i % 10]);
    CHECK(groups.end(0) == 4);
    CHECK(groups.end(18) == 20);
    CHECK(groups.count(30) == 9);
    const Sets rows(adaptivfloat(8, Sharing::row), 10);
    CHECK(rows.of(19) == 1);
    CHECK(rows.end(11) == 20);
    CHECK(rows.count(30) == 3);
    CHECK(Sets(adaptivfloat(8, Sharing::group, 64), 10).count(30) == 3);
    CHECK(Sets(adaptivfloat(8), 10).count(30) == 1);
}

TEST_CASE("values that a mask drops do not count") {
    const std::vector<float> values{1.0F, 1000.0F, 0.25F, 1000.0F};
    Mask mask{2, 2, Codes(1, 4)};
    mask.kept.set(0, 1);
    mask.kept.set(2, 1);
    const Format rows = fit_format(values, 2, &mask, adaptivfloat(8, Sharing::row), 1);
    CHECK(rows.parameters == std::vector<std::uint8_t>{256 - 15, 256 - 17});
}

TEST_CASE("parameters travel as bytes") {
    const Format format = fit_format(some_values(64), 8, nullptr, adaptivfloat(8, Sharing::row), 1);
    CHECK(parameters(format).bits() == 64);
    CHECK(with_parameters(format, parameters(format)) == format);
    CHECK_THROWS_WITH(with_parameters(adaptivfloat(8), Codes(8, 2)), ContainsSubstring("got 2 of 8 bits"));
    CHECK_THROWS_WITH(with_parameters(format, Codes(4, 8)), ContainsSubstring("got 8 of 4 bits"));
}

TEST_CASE("what is no value, code, sharing or fitted format is refused") {
    const std::vector<float> values{1.0F, std::nanf("")};
    CHECK_THROWS_WITH(fit_format(values, 2, nullptr, adaptivfloat(8), 1),
                      ContainsSubstring("x must be finite, got nan at position 1"));
    std::vector<float> out(1);
    const std::vector<std::uint16_t> codes{256};
    CHECK_THROWS_WITH(decode<std::uint16_t>(codes, 1, adaptivfloat(8), out, 1),
                      ContainsSubstring("below 2^8, got 256"));
    CHECK_THROWS_WITH(quantize(std::vector<float>{1.0F}, 1, adaptivfloat(8), out, 1),
                      ContainsSubstring("fmt must hold parameters"));
    CHECK_THROWS_WITH(check(adaptivfloat(8, Sharing::group)), ContainsSubstring("group must be at least 1"));
    CHECK_THROWS_WITH(check(adaptivfloat(8, Sharing::row, 2)), ContainsSubstring("group must be None"));
}
