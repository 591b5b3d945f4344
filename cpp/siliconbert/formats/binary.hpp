// One bit a value: its sign, times the mean magnitude. M. Rastegari et al., "XNOR-Net", ECCV 2016,
// Section 3.1 (binary weight networks), where one scale serves a filter: a row here.
#pragma once

#include "siliconbert/formats/family.hpp"

namespace siliconbert {

// Code 0 is +scale (zero too), code 1 is -scale. The parameter is the scale, a float32.
struct Binary {
    bool operator==(const Binary&) const = default;
};

class BinaryCoder {
 public:
    explicit BinaryCoder(float scale) : scale_(scale) {}
    std::uint32_t encode(float value) const { return value < 0 ? 1 : 0; }
    float decode(std::uint32_t code) const { return code == 0 ? scale_ : -scale_; }

 private:
    float scale_;
};

inline void check(const Binary&) {}
inline int width(const Binary&) { return 1; }
inline std::size_t parameter_bytes(const Binary&) { return 4; }
void fit(const Binary& format, std::span<const float> values, std::span<std::uint8_t> bytes);
inline BinaryCoder coder(const Binary&, Bytes bytes) { return BinaryCoder(read_float(bytes, 0)); }
inline Fields fields(const Binary&) { return make_fields(true, 0, 0); }

}  // namespace siliconbert
