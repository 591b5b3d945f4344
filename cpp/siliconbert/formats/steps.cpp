#include "siliconbert/formats/steps.hpp"

#include <cmath>

#include "siliconbert/base/clones.hpp"

namespace siliconbert {

namespace {

SILICONBERT_CLONES void encode_all(Steps with, const float* in, std::uint32_t* codes, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) codes[i] = with.code(with.round(in[i]));
}

SILICONBERT_CLONES void quantize_all(Steps with, const float* in, float* out, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) out[i] = with.value(with.round(in[i]));
}

}  // namespace

std::uint32_t Steps::encode(float value, std::uint32_t random) const {
    const double steps = bounded(value);
    const std::int32_t nearest = round_to_even(steps);
    if (this->value(nearest) == value) return code(nearest);
    const double whole = std::floor(std::fabs(steps));
    const double rounded = whole + (random * 0x1p-32 < std::fabs(steps) - whole ? 1 : 0);
    return code(static_cast<std::int32_t>(std::copysign(rounded, steps)));
}

float Steps::decode(std::uint32_t code) const {
    const int unused = 32 - width;
    const auto number = static_cast<std::int32_t>(code);
    return value((sign ? static_cast<std::int32_t>(code << unused) >> unused : number) - zero);
}

void encode(const Steps& with, const float* in, std::uint32_t* codes, std::size_t count) {
    encode_all(with, in, codes, count);
}

void quantize(const Steps& with, const float* in, float* out, std::size_t count) {
    quantize_all(with, in, out, count);
}

}  // namespace siliconbert
