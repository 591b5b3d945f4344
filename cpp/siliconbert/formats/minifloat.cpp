#include "siliconbert/formats/minifloat.hpp"

#include "siliconbert/base/check.hpp"
#include "siliconbert/base/clones.hpp"

namespace siliconbert {

namespace {

constexpr int float_bias = 127;

SILICONBERT_CLONES void encode_plain(MinifloatRounding<float> round, const float* in, std::uint32_t* codes,
                                     std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
        codes[i] = static_cast<std::uint32_t>(round(std::bit_cast<std::int32_t>(in[i])));
    }
}

constexpr std::size_t piece = 256;

// In loops of one kind of number each, which become vector code.
SILICONBERT_CLONES void encode_piece(MinifloatRounding<double> round, double scale, const float* in,
                                     std::uint32_t* codes, std::size_t count) {
    std::int64_t words[piece];
    for (std::size_t i = 0; i < count; ++i) words[i] = std::bit_cast<std::int64_t>(in[i] / scale);
    for (std::size_t i = 0; i < count; ++i) words[i] = round(words[i]);
    for (std::size_t i = 0; i < count; ++i) codes[i] = static_cast<std::uint32_t>(words[i]);
}

SILICONBERT_CLONES void quantize_plain(MinifloatRounding<float> round, MinifloatCoder with, const float* in,
                                       float* out, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
        const std::int32_t code = round(std::bit_cast<std::int32_t>(in[i]));
        out[i] = with.plain(static_cast<std::uint32_t>(code));
    }
}

SILICONBERT_CLONES void decode_scaled(MinifloatCoder with, const std::uint32_t* codes, float* out,
                                      std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) out[i] = with.scaled(codes[i]);
}

}  // namespace

const std::vector<std::string>& special_names() {
    static const std::vector<std::string> names{"ieee", "fn", "finite", "fnuz"};
    return names;
}

int usual_bias(int exponent_bits, Special special) {
    return (1 << (exponent_bits - 1)) - (special == Special::fnuz ? 0 : 1);
}

MinifloatCodes codes_of(const Minifloat& format) {
    const std::int32_t all = (std::int32_t{1} << (width(format) - 1)) - 1;
    const std::int32_t top = all >> format.mantissa_bits << format.mantissa_bits;
    switch (format.special) {
        case Special::ieee:
            return {top - 1, top, top | 1 << (format.mantissa_bits - 1)};
        case Special::fn:
            return {all - 1, -1, all};
        case Special::fnuz:
            return {all, -1, all + 1};
        default:
            return {all, -1, -1};
    }
}

void check(const Minifloat& format) {
    const int least = format.special == Special::ieee ? 1 : 0;
    require(format.exponent_bits >= 1 && format.exponent_bits <= 8,
            "Minifloat: exponent_bits must be in 1..8, got ", format.exponent_bits);
    require(format.mantissa_bits >= least && width(format) <= 16, "Minifloat: mantissa_bits must be in ",
            least, "..", 15 - format.exponent_bits, " for ",
            special_names()[static_cast<std::size_t>(format.special)], " and ", format.exponent_bits,
            " exponent bits, got ", format.mantissa_bits);
    const std::int32_t largest = codes_of(format).largest;
    require(largest > 0, "Minifloat: mantissa_bits must leave a value that is not zero, got ",
            format.mantissa_bits);
    const int lowest = std::max(1, largest >> format.mantissa_bits) - float_bias;
    require(format.bias >= lowest && format.bias <= float_bias, "Minifloat: bias must be in ", lowest, "..",
            float_bias, " (float32 holds no other exponents) for this format, got ", format.bias);
    require(format.special != Special::finite || format.overflow == Overflow::saturate,
            "Minifloat: overflow must be saturate for a finite format, got ieee");
}

void fit(const Minifloat& format, std::span<const float> values, std::span<std::uint8_t> bytes) {
    const float highest =
        MinifloatCoder(format, 1).decode(static_cast<std::uint32_t>(codes_of(format).largest));
    write_float(bytes, 0, scale_to(largest_magnitude(values), highest));
}

template <class Real>
MinifloatRounding<Real>::MinifloatRounding(const Minifloat& format)
    : mantissa_bits(format.mantissa_bits),
      lowest(std::numeric_limits<Real>::max_exponent - format.bias),
      shift(digits - format.mantissa_bits),
      half(format.rounding == Rounding::toward_zero ? 0 : -1),
      even(format.rounding == Rounding::nearest_even ? 1 : 0),
      sign(Int{1} << (width(format) - 1)),
      sign_of_zero(format.special == Special::fnuz ? 0 : sign) {
    const MinifloatCodes codes = codes_of(format);
    const bool saturate = format.overflow == Overflow::saturate;
    largest = codes.largest;
    infinity = saturate ? largest : format.special == Special::ieee ? codes.infinity : codes.nan;
    // IEEE 754-2019, 7.4: rounding toward zero carries all overflows to the largest finite number.
    above = format.rounding == Rounding::toward_zero ? largest : infinity;
    nan = std::max(codes.nan, std::int32_t{0});  // 0 / 0 under a faulty scale of a finite format
}

MinifloatCoder::MinifloatCoder(const Minifloat& format, float scale)
    : fast_(format),
      rounding_(format),
      codes_(codes_of(format)),
      scaled_(format.scaled),
      keeps_values_(format.scaled && format.rounding >= Rounding::toward_zero),
      scale_(scale),
      shift_(23 - format.mantissa_bits),
      rebias_((float_bias - format.bias) << 23),
      first_normal_(std::int32_t{1} << format.mantissa_bits),
      smallest_normal_((float_bias + 1 - format.bias) << 23),
      sign_(std::int32_t{1} << (width(format) - 1)) {}

std::uint32_t MinifloatCoder::nearest(float value) const {
    MinifloatRounding<double> round = rounding_;
    round.half = -1;
    round.even = 1;
    return static_cast<std::uint32_t>(round(std::bit_cast<std::int64_t>(value / scale_)));
}

std::uint32_t MinifloatCoder::encode(float value, std::uint32_t random) const {
    const double magnitude = std::fabs(value / scale_);
    if (magnitude == 0 || !std::isfinite(magnitude)) return encode(value);
    if (keeps_values_ && is_value(value)) return nearest(value);
    const int lowest = static_cast<int>(rounding_.lowest) - std::numeric_limits<double>::max_exponent + 1;
    const int exponent = std::max(std::ilogb(magnitude), lowest);
    const int mantissa_bits = static_cast<int>(rounding_.mantissa_bits);
    const double steps = std::ldexp(magnitude, mantissa_bits - exponent);
    const double whole = std::floor(steps) + (random * 0x1p-32 < steps - std::floor(steps) ? 1 : 0);
    const std::int64_t code =
        (std::int64_t{exponent - lowest} << mantissa_bits) + static_cast<std::int64_t>(whole);
    const std::int64_t bounded = code > rounding_.largest ? rounding_.above : code;
    const std::int64_t sign = bounded != 0 ? rounding_.sign : rounding_.sign_of_zero;
    return static_cast<std::uint32_t>(bounded | (std::signbit(value) ? sign : 0));
}

void encode(const MinifloatCoder& with, const float* in, std::uint32_t* codes, std::size_t count) {
    if (!with.is_scaled()) return encode_plain(with.fast(), in, codes, count);
    if (with.keeps_values()) {
        for (std::size_t i = 0; i < count; ++i) codes[i] = with.encode(in[i]);
        return;
    }
    for (std::size_t first = 0; first < count; first += piece) {
        const std::size_t some = std::min(piece, count - first);
        encode_piece(with.rounding(), with.scale(), in + first, codes + first, some);
    }
}

void quantize(const MinifloatCoder& with, const float* in, float* out, std::size_t count) {
    if (!with.is_scaled()) return quantize_plain(with.fast(), with, in, out, count);
    std::uint32_t codes[piece];
    for (std::size_t first = 0; first < count; first += piece) {
        const std::size_t some = std::min(piece, count - first);
        encode(with, in + first, codes, some);
        decode_scaled(with, codes, out + first, some);
    }
}

template struct MinifloatRounding<float>;
template struct MinifloatRounding<double>;

}  // namespace siliconbert
