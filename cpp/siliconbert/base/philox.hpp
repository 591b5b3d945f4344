// Randomness as a function: draw = f(seed, stream, tensor name, region, trial, element), Philox 4x32-10.
// J. Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC'11.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <string_view>

namespace siliconbert {

using PhiloxCounter = std::array<std::uint32_t, 4>;
using PhiloxKey = std::array<std::uint32_t, 2>;

// Multipliers and Weyl increments: Salmon et al., SC'11, Table 2 and Section 4.3 (as in Random123).
inline PhiloxCounter philox(PhiloxCounter counter, PhiloxKey key) {
    for (int round = 0; round < 10; ++round) {
        const std::uint64_t even = std::uint64_t{0xD2511F53} * counter[0];
        const std::uint64_t odd = std::uint64_t{0xCD9E8D57} * counter[2];
        const auto high = [](std::uint64_t product) { return static_cast<std::uint32_t>(product >> 32); };
        counter = {high(odd) ^ counter[1] ^ key[0], static_cast<std::uint32_t>(odd),
                   high(even) ^ counter[3] ^ key[1], static_cast<std::uint32_t>(even)};
        key[0] += 0x9E3779B9;
        key[1] += 0xBB67AE85;
    }
    return counter;
}

// Who draws. Values are spaced so that a new stream moves no other.
enum class Stream : std::uint32_t {
    fault = 100,
    activation_fault = 110,
    mixed_fault = 120,
    predictor_weights = 200,
    predictor_order = 300,
    rounding = 400
};

// FNV-1a, 64 bits: a stable hash of a name (G. Fowler, L. C. Noll, K.-P. Vo; draft-eastlake-fnv).
constexpr std::uint64_t name_hash(std::string_view name) {
    std::uint64_t hash = 0xCBF29CE484222325;
    for (const char letter : name) {
        hash = (hash ^ static_cast<unsigned char>(letter)) * 0x100000001B3;
    }
    return hash;
}

// Two 32-bit words as a uniform number in (0, 1] with 53 bits: never 0, so its logarithm is finite.
inline double uniform(std::uint32_t high, std::uint32_t low) {
    const std::uint64_t bits = ((std::uint64_t{high} << 32) | low) >> 11;
    return (static_cast<double>(bits) + 1.0) * 0x1p-53;
}

// The draws of one (seed, stream, tensor, region, trial); element and index address one draw of four words.
class Draws {
 public:
    Draws(std::uint64_t seed, Stream stream, std::string_view tensor, std::string_view region,
          std::uint64_t trial)
        : trial_(trial) {
        // The names are hashed under the seed, then the stream under that: distinct addresses, unrelated
        // keys.
        const std::uint64_t tensor_hash = name_hash(tensor);
        const std::uint64_t region_hash = name_hash(region);
        const PhiloxKey seed_key{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)};
        const PhiloxCounter names{
            static_cast<std::uint32_t>(tensor_hash), static_cast<std::uint32_t>(tensor_hash >> 32),
            static_cast<std::uint32_t>(region_hash), static_cast<std::uint32_t>(region_hash >> 32)};
        const PhiloxCounter mixed = philox(names, seed_key);
        const PhiloxCounter final =
            philox({mixed[2], mixed[3], static_cast<std::uint32_t>(stream), 0}, {mixed[0], mixed[1]});
        key_ = {final[0], final[1]};
    }

    PhiloxCounter operator()(std::uint32_t element, std::uint32_t index) const {
        return philox(
            {index, element, static_cast<std::uint32_t>(trial_), static_cast<std::uint32_t>(trial_ >> 32)},
            key_);
    }

 private:
    PhiloxKey key_{};
    std::uint64_t trial_;
};

// Failures before the next success of independent trials that succeed with probability `rate`, 0 < rate < 1
// (geometric, by inversion); saturates instead of overflowing. `log1p_of_minus_rate` is log1p(-rate).
inline std::uint64_t gap(double u, double log1p_of_minus_rate) {
    const double failures = std::floor(std::log(u) / log1p_of_minus_rate);
    constexpr double most = 0x1p62;
    return failures < most ? static_cast<std::uint64_t>(failures) : static_cast<std::uint64_t>(most);
}

}  // namespace siliconbert
