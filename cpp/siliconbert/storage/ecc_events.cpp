// What error-correcting codes leave of a list of events. The codes are linear: a word's syndrome is the sum
// of the columns of its wrong bits, whatever its data.
#include <algorithm>
#include <tuple>

#include "siliconbert/storage/ecc.hpp"
#include "siliconbert/storage/protected.hpp"

namespace siliconbert {

namespace {

// One wrong bit of a codeword, or, beyond the words, of the filling of the check region's last cell.
struct Flip {
    std::size_t region;  // in the list of protected ones
    std::size_t word;
    int bit;
};

// Wrong bits of one cell, as the bits of its code.
struct Hit {
    std::uint32_t region;
    std::uint64_t cell;
    std::uint32_t code_bits;
};

std::uint32_t bits_of_level(const Region& region, std::uint32_t level) {
    return region.map.gray ? gray_of_level(level) : level;
}

// Calls use(bit of the region) for every bit that an event changes.
template <class Use>
void for_each_wrong_bit(const Region& region, const Event& event, Use&& use) {
    const CellPlace at = region.place(event.cell);
    const std::uint32_t wrong = bits_of_level(region, event.stored) ^ bits_of_level(region, event.read);
    for (int j = 0; j < at.bits; ++j) {
        if ((wrong >> (at.bits - 1 - j) & 1U) == 0) continue;
        const int bit = region.map.bit_order[static_cast<std::size_t>(at.first + j)];
        use(at.code * static_cast<std::size_t>(region.codes.width()) + static_cast<std::size_t>(bit));
    }
}

// The cell that holds a bit of a region.
Hit hit_of(const CodeImage& image, std::uint32_t number, std::size_t bit) {
    const Region& region = image.regions[number];
    const auto width = static_cast<std::size_t>(region.codes.width());
    const int of_code = static_cast<int>(bit % width);
    const auto& order = region.map.bit_order;
    auto left = std::find(order.begin(), order.end(), of_code) - order.begin();
    std::uint64_t cell = bit / width * region.cells_per_code();
    for (const int bits : region.map.cell_bits) {
        if (left < bits) break;
        left -= bits;
        ++cell;
    }
    return {number, cell, 1U << of_code};
}

Event event_of(const CodeImage& image, const Hit& hit) {
    const Region& region = image.regions[hit.region];
    const CellPlace at = region.place(hit.cell);
    const std::uint32_t stored = region.level(hit.cell);
    std::uint32_t bits = bits_of_level(region, stored);
    for (int j = 0; j < at.bits; ++j) {
        const int bit = region.map.bit_order[static_cast<std::size_t>(at.first + j)];
        bits ^= (hit.code_bits >> bit & 1U) << (at.bits - 1 - j);
    }
    return {hit.region, hit.cell, static_cast<std::uint8_t>(stored),
            static_cast<std::uint8_t>(region.map.gray ? level_of_gray(bits) : bits)};
}

// Merges hits of the same cell and turns them into events.
void append_events(const CodeImage& image, std::vector<Hit> hits, std::vector<Event>& events) {
    const auto key = [](const Hit& hit) { return std::tie(hit.region, hit.cell); };
    std::sort(hits.begin(), hits.end(), [&](const Hit& a, const Hit& b) { return key(a) < key(b); });
    for (std::size_t i = 0; i < hits.size();) {
        Hit merged = hits[i++];
        for (; i < hits.size() && key(hits[i]) == key(merged); ++i) merged.code_bits ^= hits[i].code_bits;
        events.push_back(event_of(image, merged));
    }
}

class Filter {
 public:
    explicit Filter(const CodeImage& image) : image_(image), regions_(protected_regions(image)) {}

    EccResult run(std::span<const Event> events) {
        EccResult result;
        for (const Event& event : events) {
            if (!collect(event)) result.events.push_back(event);
        }
        std::sort(flips_.begin(), flips_.end(), [](const Flip& a, const Flip& b) {
            return std::tie(a.region, a.word, a.bit) < std::tie(b.region, b.word, b.bit);
        });
        for (const Protected& each : regions_) result.counts[image_.regions[each.data].name];
        std::vector<Hit> hits;
        for (std::size_t first = 0; first < flips_.size();) {
            std::size_t last = first;
            while (last < flips_.size() && same_word(flips_[first], flips_[last])) ++last;
            decode({&flips_[first], last - first}, result.counts, hits);
            first = last;
        }
        append_events(image_, std::move(hits), result.events);
        std::sort(result.events.begin(), result.events.end(), [](const Event& a, const Event& b) {
            return std::tie(a.region, a.cell) < std::tie(b.region, b.cell);
        });
        return result;
    }

 private:
    static bool same_word(const Flip& a, const Flip& b) { return a.region == b.region && a.word == b.word; }

    // Whether the event lies in a protected region; then its wrong bits are noted.
    bool collect(const Event& event) {
        for (std::size_t r = 0; r < regions_.size(); ++r) {
            const Protected& region = regions_[r];
            if (event.region != region.data && event.region != region.check) continue;
            const bool data = event.region == region.data;
            const auto size =
                static_cast<std::size_t>(data ? region.code->data_bits() : region.code->check_bits());
            const int first = data ? 0 : region.code->data_bits();
            for_each_wrong_bit(image_.regions[event.region], event, [&](std::size_t bit) {
                flips_.push_back({r, bit / size, first + static_cast<int>(bit % size)});
            });
            return true;
        }
        return false;
    }

    // The wrong bits of one word that its decoder leaves or makes.
    void decode(std::span<const Flip> wrong, EccByRegion& by_region, std::vector<Hit>& hits) const {
        const Protected& region = regions_[wrong[0].region];
        const std::size_t word = wrong[0].word;
        std::vector<int> left;
        std::uint32_t syndrome = 0;
        for (const Flip& flip : wrong) {
            left.push_back(flip.bit);
            syndrome ^= region.code->column(flip.bit);
        }
        if (word < region.words()) {
            decide(region, word, syndrome, left, by_region[image_.regions[region.data].name]);
        }
        for (const int bit : left) {
            const auto [number, at] = stored_at(region, word, bit);
            hits.push_back(hit_of(image_, number, at));
        }
    }

    static void decide(const Protected& region, std::size_t word, std::uint32_t syndrome,
                       std::vector<int>& left, EccCounts& counts) {
        const std::optional<int> bit = correction(region, word, syndrome);
        if (bit) {
            const auto found = std::find(left.begin(), left.end(), *bit);
            if (found != left.end()) {
                left.erase(found);
            } else {
                left.push_back(*bit);
            }
        }
        const bool wrong =
            std::any_of(left.begin(), left.end(), [&](int each) { return each < region.code->data_bits(); });
        counts.corrected += bit.has_value();
        counts.detected += !bit && syndrome != 0;
        counts.miscorrected += bit && wrong;
        counts.silent += syndrome == 0 && wrong;
    }

    const CodeImage& image_;
    std::vector<Protected> regions_;
    std::vector<Flip> flips_;
};

}  // namespace

EccResult after_ecc(const CodeImage& clean, std::span<const Event> events) {
    return Filter(clean).run(events);
}

}  // namespace siliconbert
