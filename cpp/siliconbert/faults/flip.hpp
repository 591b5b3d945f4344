// Faults of single stored bits: flipped with a rate, flipped in an exact number, stuck at 0 or 1.
#pragma once

#include "siliconbert/faults/bits.hpp"
#include "siliconbert/faults/fault.hpp"

namespace siliconbert {

// Every chosen bit flips on its own with probability `rate`.
class BitFlip final : public CellFault {
 public:
    BitFlip(double rate, BitChoice choice);
    std::vector<Event> events(const CodeImage& image, std::uint64_t seed, std::uint64_t trial,
                              int threads) const override;
    Transitions transitions(const CodeImage& image, std::size_t region, std::size_t place) const override;

 private:
    double rate_;
    BitChoice choice_;
};

// Exactly `count` chosen bits of the whole image flip, every set of them equally likely: the experiment of
// Ares, without its repeated positions and with the first bit in reach.
class BitFlipCount final : public CellFault {
 public:
    BitFlipCount(std::uint64_t count, BitChoice choice);
    std::vector<Event> events(const CodeImage& image, std::uint64_t seed, std::uint64_t trial,
                              int threads) const override;
    Transitions transitions(const CodeImage& image, std::size_t region, std::size_t place) const override;

 private:
    // Flipped bits, numbered through the chosen bits of all regions, ascending.
    std::vector<std::uint64_t> flipped(std::uint64_t bits, const CodeImage& image, std::uint64_t seed,
                                       std::uint64_t trial) const;

    std::uint64_t count_;
    BitChoice choice_;
};

// Every chosen bit is stuck at `value` with probability `rate`, whatever is stored; only those that hold the
// other value are events. The stuck bits are those that BitFlip of the same rate would flip.
class StuckAt final : public CellFault {
 public:
    StuckAt(double rate, bool value, BitChoice choice);
    std::vector<Event> events(const CodeImage& image, std::uint64_t seed, std::uint64_t trial,
                              int threads) const override;
    Transitions transitions(const CodeImage& image, std::size_t region, std::size_t place) const override;

 private:
    double rate_;
    bool value_;
    BitChoice choice_;
};

}  // namespace siliconbert
