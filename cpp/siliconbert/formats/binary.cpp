#include "siliconbert/formats/binary.hpp"

#include <cmath>

namespace siliconbert {

// The mean magnitude is the scale with the least squared error (XNOR-Net, equation 6).
void fit(const Binary&, std::span<const float> values, std::span<std::uint8_t> bytes) {
    double sum = 0;
    for (const float value : values) sum += std::fabs(value);
    write_float(bytes, 0, values.empty() ? 0 : static_cast<float>(sum / static_cast<double>(values.size())));
}

}  // namespace siliconbert
