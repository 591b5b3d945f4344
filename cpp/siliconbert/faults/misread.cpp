#include "siliconbert/faults/misread.hpp"

#include <algorithm>

#include "siliconbert/base/ceil_divide.hpp"
#include "siliconbert/base/check.hpp"
#include "siliconbert/faults/sampling.hpp"

namespace siliconbert {

namespace {

// Cells that share one address: part of what a seed means.
constexpr std::size_t block_cells = 65536;

double largest_rate(const std::vector<const MisreadTable*>& tables) {
    double rate = 0;
    for (const MisreadTable* table : tables) rate = std::max(rate, table->largest_rate());
    return rate;
}

// What one region's blocks are read with. Hits come at the largest rate; each is kept with its own level's
// share of it, and the same number says as which level it is read.
struct Reading {
    std::uint32_t index;
    const Region* region;
    std::vector<const MisreadTable*> tables;
    double rate;
    Draws draws;
    Hits hits{rate, block_cells};

    std::size_t blocks() const { return ceil_divide(region->cells(), block_cells); }

    void read(std::size_t block, std::vector<Event>& events) const {
        const std::size_t first = block * block_cells;
        const std::size_t size = std::min(block_cells, region->cells() - first);
        hits.each(
            draws, static_cast<std::uint32_t>(block), size,
            [&](std::uint64_t at) { region->codes.fetch((first + at) / tables.size()); },
            [&](std::uint64_t at, double share) {
                const std::size_t cell = first + at;
                const std::size_t stored = region->level(cell);
                const std::size_t read = tables[cell % tables.size()]->read(stored, share * rate);
                if (read == stored) return;
                events.push_back(
                    {index, cell, static_cast<std::uint8_t>(stored), static_cast<std::uint8_t>(read)});
            });
    }
};

}  // namespace

MisreadTable::MisreadTable(const Transitions& transitions) : transitions_(transitions) {
    const std::size_t levels = transitions.levels;
    require(levels >= 2 && transitions.probability.size() == levels * levels,
            "CellMisread: transitions must be levels x levels, got ", transitions.probability.size(),
            " numbers for ", levels, " levels");
    for (std::size_t stored = 0; stored < levels; ++stored) {
        double sum = 0;
        for (std::size_t read = 0; read < levels; ++read) {
            const double p = transitions.at(stored, read);
            require(p >= 0 && p <= 1, "CellMisread: transitions must lie in 0..1, got ", p);
            if (read != stored) sum += p;
            up_to_.push_back(sum);
        }
        require(sum <= 1 + 1e-12, "CellMisread: transitions must sum to at most 1 in a row, got ", sum);
    }
}

double MisreadTable::largest_rate() const {
    double largest = 0;
    for (std::size_t stored = 0; stored < transitions_.levels; ++stored) {
        largest = std::max(largest, rate(stored));
    }
    return std::min(largest, 1.0);
}

std::size_t MisreadTable::read(std::size_t stored, double p) const {
    const std::size_t levels = transitions_.levels;
    const auto row = up_to_.begin() + static_cast<std::ptrdiff_t>(stored * levels);
    const auto found = std::lower_bound(row, row + static_cast<std::ptrdiff_t>(levels), p);
    const auto level = static_cast<std::size_t>(found - row);
    return level < levels ? level : stored;
}

MisreadTables::MisreadTables(const Statistics& statistics) {
    for (const auto& [name, by_bits] : statistics) {
        for (const auto& [bits, matrix] : by_bits) {
            require(bits >= 1 && bits <= 8 && matrix.levels == std::size_t{1} << bits,
                    "CellMisread: transitions of ", name, " must have 2^bits levels, 1..8 bits, got ",
                    matrix.levels, " at ", bits, " bits");
            tables_[name].emplace(bits, MisreadTable(matrix));
        }
    }
}

const MisreadTable& MisreadTables::at(const Region& region, int bits) const {
    const auto cell = tables_.find(region.map.cell);
    require(cell != tables_.end(), "CellMisread: no level statistics for cell '", region.map.cell,
            "' of region ", region.name);
    const auto table = cell->second.find(bits);
    require(table != cell->second.end(), "CellMisread: region ", region.name, " puts ", bits,
            " bits into a cell ", region.map.cell, ", which has no level statistics for that");
    return table->second;
}

std::vector<const MisreadTable*> MisreadTables::of(const Region& region) const {
    std::vector<const MisreadTable*> tables;
    for (const int bits : region.map.cell_bits) tables.push_back(&at(region, bits));
    return tables;
}

std::vector<Event> CellMisread::events(const CodeImage& image, std::uint64_t seed, std::uint64_t trial,
                                       int threads) const {
    std::vector<Reading> readings;
    for (std::size_t r = 0; r < image.regions.size(); ++r) {
        const Region& region = image.regions[r];
        const auto tables = tables_.of(region);
        const double rate = largest_rate(tables);
        if (rate == 0) continue;
        readings.push_back({static_cast<std::uint32_t>(r), &region, tables, rate,
                            Draws(seed, Stream::fault, image.tensor, region.name, trial)});
    }
    return read_blocks(readings, threads);
}

Transitions CellMisread::transitions(const CodeImage& image, std::size_t region, std::size_t place) const {
    return tables_.at(image.regions[region], image.regions[region].map.cell_bits[place]).transitions();
}

}  // namespace siliconbert
