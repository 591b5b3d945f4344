#include "siliconbert/faults/mixed.hpp"

#include <algorithm>
#include <optional>

#include "siliconbert/base/philox.hpp"

namespace siliconbert {

namespace {

bool earlier(const Event& a, const Event& b) {
    return a.region != b.region ? a.region < b.region : a.cell < b.cell;
}

// One event a cell of the events in their order: from the first one's `stored` to the last one's `read`.
std::vector<Event> merged(std::vector<Event> events) {
    std::stable_sort(events.begin(), events.end(), earlier);
    std::vector<Event> result;
    for (const Event& event : events) {
        if (!result.empty() && !earlier(result.back(), event)) {
            result.back().read = event.read;
        } else {
            result.push_back(event);
        }
    }
    std::erase_if(result, [](const Event& event) { return event.stored == event.read; });
    return result;
}

Transitions product(const Transitions& first, const Transitions& second) {
    const std::size_t levels = first.levels;
    Transitions both{levels, std::vector<double>(levels * levels)};
    for (std::size_t stored = 0; stored < levels; ++stored) {
        for (std::size_t between = 0; between < levels; ++between) {
            const double p = first.at(stored, between);
            for (std::size_t read = 0; read < levels; ++read) {
                both.probability[stored * levels + read] += p * second.at(between, read);
            }
        }
    }
    return both;
}

}  // namespace

std::uint64_t part_seed(std::uint64_t seed, std::size_t part) {
    if (part == 0) return seed;
    const PhiloxCounter mixed =
        philox({static_cast<std::uint32_t>(part), 0, static_cast<std::uint32_t>(Stream::mixed_fault), 0},
               {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)});
    return (std::uint64_t{mixed[1]} << 32) | mixed[0];
}

std::vector<Event> Mixed::events(const CodeImage& image, std::uint64_t seed, std::uint64_t trial,
                                 int threads) const {
    std::vector<Event> all;
    std::optional<CodeImage> changed;  // made when a part that is not the last has changed something
    for (std::size_t i = 0; i < parts_.size(); ++i) {
        const CodeImage& now = changed ? *changed : image;
        const std::vector<Event> events = parts_[i]->events(now, part_seed(seed, i), trial, threads);
        all.insert(all.end(), events.begin(), events.end());
        if (events.empty() || i + 1 == parts_.size()) continue;
        if (!changed) changed = image;
        apply_events(*changed, events);
    }
    return merged(std::move(all));
}

Transitions Mixed::transitions(const CodeImage& image, std::size_t region, std::size_t place) const {
    Transitions result = unchanged(std::size_t{1} << image.regions[region].map.cell_bits[place]);
    for (const Part& part : parts_) result = product(result, part->transitions(image, region, place));
    return result;
}

}  // namespace siliconbert
