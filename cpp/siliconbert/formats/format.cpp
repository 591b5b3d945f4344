#include "siliconbert/formats/format.hpp"

#include "siliconbert/base/check.hpp"
#include "siliconbert/base/clones.hpp"
#include "siliconbert/base/parallel.hpp"

namespace siliconbert {

namespace {

constexpr std::size_t block = std::size_t{1} << 14;

SILICONBERT_CLONES std::uint32_t largest_magnitude(const float* values, std::size_t count) {
    std::uint32_t largest = 0;
    for (std::size_t i = 0; i < count; ++i) {
        largest = std::max(largest, std::bit_cast<std::uint32_t>(values[i]) & 0x7fffffff);
    }
    return largest;
}

// A quick look at all, and a slow one for the sentence only where something is wrong.
void check_finite(std::span<const float> values, const char* function) {
    constexpr std::uint32_t infinity = 0x7f800000;
    if (largest_magnitude(values.data(), values.size()) >= infinity) require_finite(values, function, "x");
}

template <class Code>
void check_codes(std::span<const Code> codes, int width) {
    Code largest = 0;
    for (const Code code : codes) largest = std::max(largest, code);
    require(std::uint32_t{largest} >> width == 0, "decode: codes must be below 2^", width, ", got ",
            std::uint32_t{largest});
}

}  // namespace

int width(const Format& format) {
    return std::visit([](const auto& family) { return family.width; }, format);
}

Format fit_format(std::span<const float> values, const Format& format) {
    check_finite(values, "fit");
    return std::visit([&](const auto& family) -> Format { return fit(values, family); }, format);
}

template <class Code>
void encode(std::span<const float> values, const Format& format, std::span<Code> codes, int threads) {
    check_finite(values, "encode");
    std::visit(
        [&](const auto& family) {
            const auto with = coder(family);
            parallel_blocks(values.size(), block, threads, [&](std::size_t first, std::size_t last) {
                for (std::size_t i = first; i < last; ++i) {
                    codes[i] = static_cast<Code>(with.encode(values[i]));
                }
            });
        },
        format);
}

template <class Code>
void decode(std::span<const Code> codes, const Format& format, std::span<float> values, int threads) {
    check_codes(codes, width(format));
    const std::vector<float> value_of = values_of_codes(format);
    parallel_blocks(codes.size(), block, threads, [&](std::size_t first, std::size_t last) {
        for (std::size_t i = first; i < last; ++i) values[i] = value_of[codes[i]];
    });
}

template void encode(std::span<const float>, const Format&, std::span<std::uint8_t>, int);
template void encode(std::span<const float>, const Format&, std::span<std::uint16_t>, int);
template void decode(std::span<const std::uint8_t>, const Format&, std::span<float>, int);
template void decode(std::span<const std::uint16_t>, const Format&, std::span<float>, int);

void quantize(std::span<const float> in, const Format& format, std::span<float> out, int threads) {
    check_finite(in, "quantize");
    parallel_blocks(in.size(), block, threads, [&](std::size_t first, std::size_t last) {
        std::visit([&](const auto& family) { quantize(family, &in[first], &out[first], last - first); },
                   format);
    });
}

std::vector<float> values_of_codes(const Format& format) {
    std::vector<float> values(std::size_t{1} << width(format));
    std::visit(
        [&](const auto& family) {
            const auto with = coder(family);
            for (std::size_t code = 0; code < values.size(); ++code) {
                values[code] = with.decode(static_cast<std::uint32_t>(code));
            }
        },
        format);
    return values;
}

std::vector<int> bit_order(const Format& format) {
    return std::visit([](const auto& family) { return bit_order(family); }, format);
}

Codes parameters(const Format& format) {
    return std::visit([](const auto& family) { return parameters(family); }, format);
}

Format with_parameters(const Format& format, const Codes& codes) {
    return std::visit([&](const auto& family) -> Format { return with_parameters(family, codes); }, format);
}

}  // namespace siliconbert
