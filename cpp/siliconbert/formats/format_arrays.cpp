// Arrays of values to codes and back: runs of elements that share their parameters, on any number of threads.
#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <limits>

#include "siliconbert/base/check.hpp"
#include "siliconbert/base/parallel.hpp"
#include "siliconbert/base/philox.hpp"
#include "siliconbert/formats/format.hpp"

namespace siliconbert {

namespace {

constexpr std::size_t block = std::size_t{1} << 14;

// A quick look at all, and a slow one only where something is not finite.
bool can_take(std::span<const float> values, const Family& family) {
    if (std::isfinite(largest_magnitude(values))) return true;
    return std::visit(
        [&](const auto& each) {
            return std::ranges::all_of(values, [&](float value) {
                if constexpr (requires { takes(each, value); })
                    return std::isfinite(value) || takes(each, value);
                return std::isfinite(value);
            });
        },
        family);
}

void check_values(std::span<const float> values, const Family& family, const char* function) {
    if (can_take(values, family)) return;
    std::size_t i = 0;
    while (can_take(values.subspan(i, 1), family)) ++i;
    require(false, function, ": x must be finite, got ", values[i], " at position ", i);
}

template <class Code>
void check_codes(std::span<const Code> codes, int width) {
    Code largest = 0;
    for (const Code code : codes) largest = std::max(largest, code);
    require(std::uint32_t{largest} >> width == 0, "decode: codes must be below 2^", width, ", got ",
            std::uint32_t{largest});
}

// Calls run(bytes, first, last) for every stretch of elements in [first, last) that share their parameters.
template <class Run>
void for_each_run(const Format& format, const Sets& sets, std::size_t first, std::size_t last, Run&& run) {
    while (first < last) {
        const std::size_t end = std::min(last, sets.end(first));
        run(bytes_of(format, sets.of(first)), first, end);
        first = end;
    }
}

template <class F>
bool is_stochastic(const F& family) {
    if constexpr (requires { family.rounding; }) return family.rounding == Rounding::stochastic;
    return false;
}

// Four neighbouring elements share one draw of four words.
class RandomWords {
 public:
    explicit RandomWords(const RoundingDraws& draws)
        : draws_(draws.seed, Stream::rounding, draws.name, "values", 0) {}

    std::uint32_t operator()(std::size_t element) {
        if (element / 4 != group_) {
            group_ = element / 4;
            words_ = draws_(static_cast<std::uint32_t>(group_), static_cast<std::uint32_t>(group_ >> 32));
        }
        return words_[element % 4];
    }

 private:
    Draws draws_;
    std::size_t group_ = std::numeric_limits<std::size_t>::max();
    PhiloxCounter words_{};
};

template <class Coder, class Code>
void encode_run(const Coder& with, const float* in, Code* out, std::size_t count) {
    if constexpr (requires(std::uint32_t * codes) { encode(with, in, codes, count); }) {
        std::array<std::uint32_t, 512> codes;
        for (std::size_t first = 0; first < count; first += codes.size()) {
            const std::size_t some = std::min(codes.size(), count - first);
            encode(with, in + first, codes.data(), some);
            narrow(codes.data(), out + first, some);
        }
    } else {
        for (std::size_t i = 0; i < count; ++i) out[i] = static_cast<Code>(with.encode(in[i]));
    }
}

template <class Coder>
void quantize_run(const Coder& with, const float* in, float* out, std::size_t count) {
    if constexpr (requires { quantize(with, in, out, count); }) {
        quantize(with, in, out, count);
    } else {
        for (std::size_t i = 0; i < count; ++i) out[i] = with.decode(with.encode(in[i]));
    }
}

// Calls use(i, code) for a run of a family that rounds by draws.
template <class Coder, class Use>
void encode_randomly(const Coder& with, std::span<const float> in, std::size_t first, std::size_t last,
                     RandomWords random, Use&& use) {
    if constexpr (requires { with.encode(0.0F, std::uint32_t{}); }) {
        for (std::size_t i = first; i < last; ++i) use(i, with.encode(in[i], random(i)));
    }
}

// A run as long as this is worth a table of all values.
bool worth_a_table(const Format& format, std::size_t run) { return run >> width(format) != 0; }

}  // namespace

Format fit_format(std::span<const float> values, std::size_t columns, const Mask* mask, const Format& format,
                  int threads) {
    // An AdaptivFloat for a whole tensor asks for the largest magnitude alone, which tells of all values.
    float largest = 0;
    const auto* whole = std::get_if<AdaptivFloat>(&format.family);
    if (mask != nullptr || format.sharing != Sharing::tensor) whole = nullptr;
    if (whole != nullptr) largest = largest_magnitude(values);
    if (whole == nullptr || !std::isfinite(largest)) check_values(values, AdaptivFloat{}, "fit");
    require(mask == nullptr || mask->kept.count() == values.size(), "fit: mask must have ", values.size(),
            " elements, got ", mask == nullptr ? 0 : mask->kept.count());
    const Sets sets(format, columns);
    const std::size_t size = parameter_bytes(format);
    Format fitted = format;
    fitted.parameters.assign(size == 0 ? 0 : sets.count(values.size()) * size, 0);
    const auto fit_set = [&](std::size_t first, std::size_t last) {
        std::vector<float> kept;
        for (std::size_t i = first; mask != nullptr && i < last; ++i) {
            if (mask->kept.at(i) != 0) kept.push_back(values[i]);
        }
        const std::span<std::uint8_t> bytes{fitted.parameters.data() + sets.of(first) * size, size};
        const auto from =
            mask == nullptr ? values.subspan(first, last - first) : std::span<const float>(kept);
        std::visit([&](const auto& family) { fit(family, from, bytes); }, format.family);
    };
    if (size == 0) return fitted;
    if (whole != nullptr) {
        fit(*whole, {&largest, 1}, fitted.parameters);
        return fitted;
    }
    if (format.sharing == Sharing::tensor) {
        fit_set(0, values.size());
        return fitted;
    }
    const std::size_t row = std::max<std::size_t>(1, columns);
    parallel_for(values.size() / row, threads, [&](std::size_t r) {
        for (std::size_t first = r * row; first < (r + 1) * row; first = sets.end(first)) {
            fit_set(first, sets.end(first));
        }
    });
    return fitted;
}

template <class Code>
void encode(std::span<const float> values, std::size_t columns, const Format& format, std::span<Code> codes,
            int threads, const RoundingDraws& draws) {
    check_values(values, format.family, "encode");
    const Sets sets(format, columns);
    check_parameters(format, values.size(), columns, "encode");
    const RandomWords random(draws);
    std::visit(
        [&](const auto& family) {
            parallel_blocks(values.size(), block, threads, [&](std::size_t start, std::size_t stop) {
                for_each_run(
                    format, sets, start, stop, [&](Bytes bytes, std::size_t first, std::size_t last) {
                        const auto with = coder(family, bytes);
                        if (is_stochastic(family)) {
                            encode_randomly(with, values, first, last, random, [&](std::size_t i, auto code) {
                                codes[i] = static_cast<Code>(code);
                            });
                        } else {
                            encode_run(with, &values[first], &codes[first], last - first);
                        }
                    });
            });
        },
        format.family);
}

template <class Code>
void decode(std::span<const Code> codes, std::size_t columns, const Format& format, std::span<float> values,
            int threads) {
    check_codes(codes, width(format));
    const Sets sets(format, columns);
    check_parameters(format, codes.size(), columns, "decode");
    const bool one_table = format.sharing == Sharing::tensor && worth_a_table(format, codes.size());
    const std::vector<float> value_of = one_table ? values_of_codes(format) : std::vector<float>();
    std::visit(
        [&](const auto& family) {
            parallel_blocks(codes.size(), block, threads, [&](std::size_t start, std::size_t stop) {
                if (one_table) {
                    for (std::size_t i = start; i < stop; ++i) values[i] = value_of[codes[i]];
                    return;
                }
                for_each_run(format, sets, start, stop,
                             [&](Bytes bytes, std::size_t first, std::size_t last) {
                                 const auto with = coder(family, bytes);
                                 for (std::size_t i = first; i < last; ++i) values[i] = with.decode(codes[i]);
                             });
            });
        },
        format.family);
}

template void encode(std::span<const float>, std::size_t, const Format&, std::span<std::uint8_t>, int,
                     const RoundingDraws&);
template void encode(std::span<const float>, std::size_t, const Format&, std::span<std::uint16_t>, int,
                     const RoundingDraws&);
template void decode(std::span<const std::uint8_t>, std::size_t, const Format&, std::span<float>, int);
template void decode(std::span<const std::uint16_t>, std::size_t, const Format&, std::span<float>, int);

void quantize(std::span<const float> in, std::size_t columns, const Format& format, std::span<float> out,
              int threads, const RoundingDraws& draws) {
    const Sets sets(format, columns);
    check_parameters(format, in.size(), columns, "quantize");
    const RandomWords random(draws);
    // A piece is looked at when the first cache holds it; what cannot be taken is left as it is.
    constexpr std::size_t piece = 1024;
    std::atomic<bool> bad = false;
    const auto quantize_piece = [&](const auto& family, const auto& with, std::size_t first,
                                    std::size_t last) {
        if (!can_take(in.subspan(first, last - first), format.family)) {
            bad = true;
        } else if (is_stochastic(family)) {
            encode_randomly(with, in, first, last, random,
                            [&](std::size_t i, auto code) { out[i] = with.decode(code); });
        } else {
            quantize_run(with, &in[first], &out[first], last - first);
        }
    };
    const auto quantize_pieces = [&](const auto& family, const auto& with, std::size_t first,
                                     std::size_t last) {
        if constexpr (requires { quantize_finite(with, in.data(), out.data(), std::size_t{}); }) {
            if (!quantize_finite(with, &in[first], &out[first], last - first)) bad = true;
        } else {
            for (; first < last; first += piece) {
                quantize_piece(family, with, first, std::min(last, first + piece));
            }
        }
    };
    std::visit(
        [&](const auto& family) {
            parallel_blocks(in.size(), block, threads, [&](std::size_t start, std::size_t stop) {
                for_each_run(format, sets, start, stop,
                             [&](Bytes bytes, std::size_t first, std::size_t last) {
                                 quantize_pieces(family, coder(family, bytes), first, last);
                             });
            });
        },
        format.family);
    if (bad) check_values(in, format.family, "quantize");
}

}  // namespace siliconbert
