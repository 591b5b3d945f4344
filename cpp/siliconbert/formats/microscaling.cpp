#include "siliconbert/formats/microscaling.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace siliconbert {

namespace {

constexpr int scale_bias = 127;
constexpr int largest_scale = 254;
constexpr int not_a_number = 255;
constexpr double int8_step = 0x1p-6;

bool is_integer(const Microscaling& format) { return format.element == MicroscalingElement::int8; }

// The element as a small float that takes a scale: the specification, sections 5.3.1 to 5.3.3.
Minifloat minifloat(const Microscaling& format) {
    const auto make = [&](int exponent_bits, int mantissa_bits, Special special) {
        const int bias = usual_bias(exponent_bits, special);
        return Minifloat{exponent_bits,   mantissa_bits,      special, bias,
                         format.rounding, Overflow::saturate, true};
    };
    switch (format.element) {
        case MicroscalingElement::e5m2:
            return make(5, 2, Special::ieee);
        case MicroscalingElement::e4m3:
            return make(4, 3, Special::fn);
        case MicroscalingElement::e3m2:
            return make(3, 2, Special::finite);
        case MicroscalingElement::e2m3:
            return make(2, 3, Special::finite);
        default:
            return make(2, 1, Special::finite);
    }
}

// Two's complement. Section 5.3.4 leaves it open whether -2 is used: it is, unless float32 lacks its product.
Steps steps(const Microscaling& format, double scale) {
    const double lowest = scale < 0x1p127 ? -128 : -127;
    return {.scale = scale * int8_step, .lowest = lowest, .highest = 127, .rounding = format.rounding};
}

// Of the element's largest number: its field is all ones, or with infinities one less.
int largest_exponent(const Microscaling& format) {
    if (is_integer(format)) return 0;
    const Minifloat element = minifloat(format);
    return (codes_of(element).largest >> element.mantissa_bits) - element.bias;
}

}  // namespace

const std::vector<std::string>& microscaling_elements() {
    static const std::vector<std::string> names{"e5m2", "e4m3", "e3m2", "e2m3", "e2m1", "int8"};
    return names;
}

int width(const Microscaling& format) { return is_integer(format) ? 8 : width(minifloat(format)); }

MicroscalingCoder::MicroscalingCoder(const Microscaling& format, std::uint8_t scale)
    : element_(Steps{}), is_number_(scale != not_a_number) {
    const double factor = std::ldexp(1.0, std::min<int>(scale, largest_scale) - scale_bias);
    if (is_integer(format)) {
        element_ = steps(format, factor);
    } else {
        element_ = MinifloatCoder(minifloat(format), static_cast<float>(factor));
    }
}

std::uint32_t MicroscalingCoder::encode(float value) const {
    return std::visit([&](const auto& element) { return element.encode(value); }, element_);
}

std::uint32_t MicroscalingCoder::encode(float value, std::uint32_t random) const {
    return std::visit([&](const auto& element) { return element.encode(value, random); }, element_);
}

float MicroscalingCoder::decode(std::uint32_t code) const {
    if (!is_number_) return std::numeric_limits<float>::quiet_NaN();
    return std::visit([&](const auto& element) { return element.decode(code); }, element_);
}

void fit(const Microscaling& format, std::span<const float> values, std::span<std::uint8_t> bytes) {
    const float largest = largest_magnitude(values);
    const int exponent = largest > 0 ? std::ilogb(largest) - largest_exponent(format) : -scale_bias;
    bytes[0] = static_cast<std::uint8_t>(std::clamp(exponent + scale_bias, 0, largest_scale));
}

Fields fields(const Microscaling& format) {
    return is_integer(format) ? make_fields(true, 0, 7) : fields(minifloat(format));
}

}  // namespace siliconbert
