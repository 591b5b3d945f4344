// Microscaling: groups of small floats or integers with a power of two in common. Open Compute Project,
// "OCP Microscaling Formats (MX) Specification", version 1.0 (2023).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "siliconbert/formats/minifloat.hpp"
#include "siliconbert/formats/steps.hpp"

namespace siliconbert {

enum class MicroscalingElement { e5m2, e4m3, e3m2, e2m3, e2m1, int8 };
const std::vector<std::string>& microscaling_elements();  // names, in the order of the enumeration

// A value is its element times the scale of its set; int8 is two's complement with 6 bits after the point.
// Elements saturate.
struct Microscaling {
    MicroscalingElement element = MicroscalingElement::e4m3;
    Rounding rounding = Rounding::nearest_even;
    bool operator==(const Microscaling&) const = default;
};

inline void check(const Microscaling&) {}
int width(const Microscaling& format);

class MicroscalingCoder {
 public:
    // `scale` is a code of E8M0: 2^(scale - 127), and 255 not a number, as is then every value.
    MicroscalingCoder(const Microscaling& format, std::uint8_t scale);

    std::uint32_t encode(float value) const;
    std::uint32_t encode(float value, std::uint32_t random) const;  // stochastic
    float decode(std::uint32_t code) const;

 private:
    std::variant<MinifloatCoder, Steps> element_;
    bool is_number_;
};

// What the family gives to format.hpp: the parameter is the scale, one byte. It is the exponent of the
// largest magnitude less that of the element's largest number, as far as E8M0 reaches; the smallest for
// zeros.
inline MicroscalingCoder coder(const Microscaling& format, Bytes bytes) { return {format, bytes[0]}; }
inline std::size_t parameter_bytes(const Microscaling&) { return 1; }
void fit(const Microscaling& format, std::span<const float> values, std::span<std::uint8_t> bytes);
Fields fields(const Microscaling& format);

}  // namespace siliconbert
