#include "siliconbert/faults/flip.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "siliconbert/base/ceil_divide.hpp"
#include "siliconbert/base/check.hpp"
#include "siliconbert/faults/sampling.hpp"

namespace siliconbert {

namespace {

// Codes that share one address: part of what a seed means.
constexpr std::size_t block_codes = 131072;

// Changed bits that follow one another, gathered to one event a cell.
class Gather {
 public:
    // `bit` counts through the chosen bits of the region. keep(bits of the cell, changed bits): those that do
    // change.
    template <class Keep>
    void add(const ChosenBits& bits, std::uint64_t bit, std::vector<Event>& events, Keep&& keep) {
        const std::uint64_t code = bit / bits.slots.size();
        const Slot& slot = bits.slots[bit - code * bits.slots.size()];
        if (bits_ != &bits || code != code_ || slot.cell != slot_->cell) {
            flush(events, keep);
            bits_ = &bits;
            code_ = code;
            slot_ = &slot;
        }
        changed_ |= slot.weight;
    }

    template <class Keep>
    void flush(std::vector<Event>& events, Keep&& keep) {
        if (bits_ == nullptr) return;
        const CellMap& map = bits_->region->map;
        const std::uint32_t held = bits_->held(code_, *slot_);
        const std::uint32_t changed = keep(held, changed_);
        if (changed != 0) {
            events.push_back({bits_->index, code_ * map.cell_bits.size() + slot_->cell,
                              static_cast<std::uint8_t>(level_of_bits(map, held)),
                              static_cast<std::uint8_t>(level_of_bits(map, held ^ changed))});
        }
        bits_ = nullptr;
        changed_ = 0;
    }

 private:
    const ChosenBits* bits_ = nullptr;
    std::uint64_t code_ = 0;
    const Slot* slot_ = nullptr;
    std::uint32_t changed_ = 0;
};

// What one region's blocks of codes are read with.
template <class Keep>
struct Reading {
    ChosenBits bits;
    Draws draws;
    Hits hits;
    Keep keep;

    std::size_t blocks() const { return ceil_divide(bits.region->codes.count(), block_codes); }

    void read(std::size_t block, std::vector<Event>& events) const {
        const std::uint64_t first = block * block_codes * bits.slots.size();
        const std::uint64_t size =
            std::min<std::uint64_t>(block_codes * bits.slots.size(), bits.count() - first);
        Gather gather;
        hits.each(
            draws, static_cast<std::uint32_t>(block), size,
            [&](std::uint64_t at) { bits.region->codes.fetch((first + at) / bits.slots.size()); },
            [&](std::uint64_t at, double) { gather.add(bits, first + at, events, keep); });
        gather.flush(events, keep);
    }
};

template <class Keep>
std::vector<Event> hit_bits(const CodeImage& image, double rate, const std::vector<ChosenBits>& chosen,
                            std::uint64_t seed, std::uint64_t trial, int threads, Keep keep) {
    if (rate == 0) return {};
    std::vector<Reading<Keep>> readings;
    for (const ChosenBits& bits : chosen) {
        readings.push_back({bits, Draws(seed, Stream::fault, image.tensor, bits.region->name, trial),
                            Hits(rate, block_codes * bits.slots.size()), keep});
    }
    return read_blocks(readings, threads);
}

double power(double p, int n) { return n == 0 ? 1 : std::pow(p, n); }

void check_rate(double rate, const char* caller) {
    require(rate >= 0 && rate <= 1, caller, ": rate must be in 0..1, got ", rate);
}

}  // namespace

BitFlip::BitFlip(double rate, BitChoice choice) : rate_(rate), choice_(std::move(choice)) {
    check_rate(rate, "BitFlip");
}

std::vector<Event> BitFlip::events(const CodeImage& image, std::uint64_t seed, std::uint64_t trial,
                                   int threads) const {
    return hit_bits(image, rate_, chosen_bits(image, choice_, "BitFlip"), seed, trial, threads,
                    [](std::uint32_t, std::uint32_t hit) { return hit; });
}

Transitions BitFlip::transitions(const CodeImage& image, std::size_t region, std::size_t place) const {
    const ChosenBits bits = chosen_bits(image, region, choice_, "BitFlip");
    const std::uint32_t chosen = bits.weights(place);
    const CellMap& map = bits.region->map;
    return bit_transitions(map, map.cell_bits[place], [&](std::uint32_t, std::uint32_t changed) {
        if ((changed & ~chosen) != 0) return 0.0;
        return power(rate_, std::popcount(changed)) * power(1 - rate_, std::popcount(chosen & ~changed));
    });
}

BitFlipCount::BitFlipCount(std::uint64_t count, BitChoice choice)
    : count_(count), choice_(std::move(choice)) {}

namespace {

std::uint64_t total(const std::vector<ChosenBits>& chosen, std::uint64_t count) {
    std::uint64_t bits = 0;
    for (const ChosenBits& region : chosen) bits += region.count();
    require(count <= bits, "BitFlip: count must be at most the ", bits, " chosen bits, got ", count);
    return bits;
}

}  // namespace

std::vector<std::uint64_t> BitFlipCount::flipped(std::uint64_t bits, const CodeImage& image,
                                                 std::uint64_t seed, std::uint64_t trial) const {
    const Draws draws(seed, Stream::fault, image.tensor, "", trial);
    Uniforms numbers(draws, 0);
    const bool stay = count_ > bits / 2;  // of many, draw those that do not flip
    auto drawn = distinct(numbers, bits, stay ? bits - count_ : count_, [](std::uint64_t) { return true; });
    std::sort(drawn.begin(), drawn.end());
    if (!stay) return drawn;
    std::vector<std::uint64_t> others;
    auto next = drawn.begin();
    for (std::uint64_t bit = 0; bit < bits; ++bit) {
        if (next != drawn.end() && *next == bit) {
            ++next;
        } else {
            others.push_back(bit);
        }
    }
    return others;
}

std::vector<Event> BitFlipCount::events(const CodeImage& image, std::uint64_t seed, std::uint64_t trial,
                                        int) const {
    const std::vector<ChosenBits> chosen = chosen_bits(image, choice_, "BitFlip");
    const auto flip = [](std::uint32_t, std::uint32_t hit) { return hit; };
    std::vector<Event> events;
    Gather gather;
    auto region = chosen.begin();
    std::uint64_t before = 0;
    for (const std::uint64_t bit : flipped(total(chosen, count_), image, seed, trial)) {
        for (; bit - before >= region->count(); ++region) before += region->count();
        gather.add(*region, bit - before, events, flip);
    }
    gather.flush(events, flip);
    return events;
}

Transitions BitFlipCount::transitions(const CodeImage& image, std::size_t region, std::size_t place) const {
    const ChosenBits bits = chosen_bits(image, region, choice_, "BitFlip");
    const auto all = total(chosen_bits(image, choice_, "BitFlip"), count_);
    const std::uint32_t chosen = bits.weights(place);
    const CellMap& map = bits.region->map;
    // The chosen bits of a cell without replacement: k of all flip, so each next one with k / all of what is
    // left.
    return bit_transitions(map, map.cell_bits[place], [&](std::uint32_t, std::uint32_t changed) {
        if ((changed & ~chosen) != 0) return 0.0;
        double p = 1;
        auto left = static_cast<double>(all);
        auto flips = static_cast<double>(count_);
        auto stays = left - flips;
        for (int i = std::popcount(changed); i > 0; --i) p *= std::max(flips--, 0.0) / left--;
        for (int i = std::popcount(chosen & ~changed); i > 0; --i) p *= std::max(stays--, 0.0) / left--;
        return p;
    });
}

StuckAt::StuckAt(double rate, bool value, BitChoice choice)
    : rate_(rate), value_(value), choice_(std::move(choice)) {
    check_rate(rate, "StuckAt");
}

std::vector<Event> StuckAt::events(const CodeImage& image, std::uint64_t seed, std::uint64_t trial,
                                   int threads) const {
    return hit_bits(
        image, rate_, chosen_bits(image, choice_, "StuckAt"), seed, trial, threads,
        [value = value_](std::uint32_t held, std::uint32_t hit) { return hit & (value ? ~held : held); });
}

Transitions StuckAt::transitions(const CodeImage& image, std::size_t region, std::size_t place) const {
    const ChosenBits bits = chosen_bits(image, region, choice_, "StuckAt");
    const std::uint32_t chosen = bits.weights(place);
    const CellMap& map = bits.region->map;
    return bit_transitions(map, map.cell_bits[place], [&](std::uint32_t held, std::uint32_t changed) {
        const std::uint32_t other = chosen & (value_ ? ~held : held);
        if ((changed & ~other) != 0) return 0.0;
        return power(rate_, std::popcount(changed)) * power(1 - rate_, std::popcount(other & ~changed));
    });
}

}  // namespace siliconbert
