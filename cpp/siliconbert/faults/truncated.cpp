#include "siliconbert/faults/truncated.hpp"

#include <algorithm>

#include "siliconbert/faults/sampling.hpp"

namespace siliconbert {

namespace {

// How many of the faults at a level are read as each level at least: from the highest level on, each one's
// share of the total rounded down, the lowest one takes what is left. Two neighbours: up first, as nvmFI
// splits.
std::vector<std::uint64_t> read_at_least(const MisreadTable& table, std::size_t stored, std::uint64_t cells) {
    const Transitions& p = table.transitions();
    const double rate = table.rate(stored);
    const auto total = static_cast<std::uint64_t>(rate * static_cast<double>(cells));
    std::vector<std::uint64_t> counts(p.levels + 1, total);
    counts[p.levels] = 0;
    std::size_t lowest = 0;
    while (lowest + 1 < p.levels && (lowest == stored || p.at(stored, lowest) == 0)) ++lowest;
    double share = 0;
    for (std::size_t read = p.levels - 1; read > lowest; --read) {
        if (read != stored) share += p.at(stored, read);
        counts[read] = std::min(static_cast<std::uint64_t>(static_cast<double>(total) * share / rate), total);
    }
    return counts;
}

// The faults of the cells at one place of a code.
void read_place(const CodeImage& image, std::uint32_t r, std::size_t place, const MisreadTable& table,
                const Draws& draws, std::vector<Event>& events) {
    const Region& region = image.regions[r];
    const std::size_t stride = region.cells_per_code();
    const std::vector<std::uint64_t> cells = level_counts(region, place);
    for (std::size_t stored = 0; stored < cells.size(); ++stored) {
        const auto counts = read_at_least(table, stored, cells[stored]);
        Uniforms numbers(draws, static_cast<std::uint32_t>(place * 256 + stored));
        const auto codes = distinct(numbers, region.codes.count(), counts[0], [&](std::uint64_t code) {
            return region.level(code * stride + place) == stored;
        });
        std::size_t read = cells.size() - 1;
        for (std::size_t i = 0; i < codes.size(); ++i) {
            while (counts[read] <= i) --read;
            events.push_back({r, codes[i] * stride + place, static_cast<std::uint8_t>(stored),
                              static_cast<std::uint8_t>(read)});
        }
    }
}

}  // namespace

std::vector<Event> TruncatedMisread::events(const CodeImage& image, std::uint64_t seed, std::uint64_t trial,
                                            int threads) const {
    std::vector<std::vector<Event>> parts(image.regions.size());
    parallel_for(parts.size(), threads, [&](std::size_t r) {
        const Region& region = image.regions[r];
        if (region.codes.count() == 0) return;
        const Draws draws(seed, Stream::fault, image.tensor, region.name, trial);
        const auto tables = tables_.of(region);
        for (std::size_t place = 0; place < tables.size(); ++place) {
            read_place(image, static_cast<std::uint32_t>(r), place, *tables[place], draws, parts[r]);
        }
        std::sort(parts[r].begin(), parts[r].end(),
                  [](const Event& a, const Event& b) { return a.cell < b.cell; });
    });
    std::vector<Event> all;
    for (const auto& part : parts) all.insert(all.end(), part.begin(), part.end());
    return all;
}

Transitions TruncatedMisread::transitions(const CodeImage& image, std::size_t region,
                                          std::size_t place) const {
    const Region& held = image.regions[region];
    const MisreadTable& table = tables_.at(held, held.map.cell_bits[place]);
    const std::vector<std::uint64_t> cells = level_counts(held, place);
    Transitions shares = unchanged(cells.size());
    for (std::size_t stored = 0; stored < cells.size(); ++stored) {
        if (cells[stored] == 0) continue;
        const auto counts = read_at_least(table, stored, cells[stored]);
        const auto n = static_cast<double>(cells[stored]);
        for (std::size_t read = 0; read < cells.size(); ++read) {
            const auto here = static_cast<double>(counts[read] - counts[read + 1]);
            shares.probability[stored * cells.size() + read] = here / n;
        }
        shares.probability[stored * cells.size() + stored] = 1 - static_cast<double>(counts[0]) / n;
    }
    return shares;
}

}  // namespace siliconbert
