#include "siliconbert/faults/misread.hpp"

#include <algorithm>
#include <cmath>

#include "siliconbert/base/check.hpp"
#include "siliconbert/base/parallel.hpp"
#include "siliconbert/base/philox.hpp"

namespace siliconbert {

namespace {

// Cells that share one address: part of what a seed means.
constexpr std::size_t block_cells = 65536;

// What one region's blocks are read with.
struct Reading {
    std::uint32_t index;
    const Region* region;
    std::vector<const MisreadTable*> tables;
    Draws draws;
    double rate;  // of the level that is misread most
    double log1p_of_minus_rate;

    // Cells left out before the next hit; at a rate of 1 every cell is hit and no logarithm is taken.
    std::uint64_t skip(double u) const { return rate < 1 ? gap(u, log1p_of_minus_rate) : 0; }
};

// Hits come at the largest rate; each is kept with its own level's share of it, and the same number says as
// which level it is read.
std::vector<Event> read_block(const Reading& reading, std::size_t block) {
    std::vector<Event> events;
    const std::size_t first = block * block_cells;
    const std::size_t size = std::min(block_cells, reading.region->cells() - first);
    std::uint64_t at = 0;
    for (std::uint32_t index = 0;; ++index, ++at) {
        const PhiloxCounter draw = reading.draws(static_cast<std::uint32_t>(block), index);
        at += reading.skip(uniform(draw[0], draw[1]));
        if (at >= size) return events;
        const std::size_t cell = first + at;
        const MisreadTable& table = *reading.tables[cell % reading.tables.size()];
        const std::size_t stored = reading.region->level(cell);
        const std::size_t read = table.read(stored, uniform(draw[2], draw[3]) * reading.rate);
        if (read == stored) continue;
        events.push_back(
            {reading.index, cell, static_cast<std::uint8_t>(stored), static_cast<std::uint8_t>(read)});
    }
}

double largest_rate(const std::vector<const MisreadTable*>& tables) {
    double rate = 0;
    for (const MisreadTable* table : tables) rate = std::max(rate, table->largest_rate());
    return rate;
}

// Cells of one place in the code that are stored at each level.
std::vector<std::uint64_t> level_counts(const Region& region, std::size_t place) {
    std::vector<std::uint64_t> counts(std::size_t{1} << region.map.cell_bits[place]);
    for (std::size_t cell = place; cell < region.cells(); cell += region.cells_per_code()) {
        ++counts[region.level(cell)];
    }
    return counts;
}

}  // namespace

MisreadTable::MisreadTable(const Transitions& transitions) : levels_(transitions.levels) {
    require(levels_ >= 2 && transitions.probability.size() == levels_ * levels_,
            "CellMisread: transitions must be levels x levels, got ", transitions.probability.size(),
            " numbers for ", levels_, " levels");
    for (std::size_t stored = 0; stored < levels_; ++stored) {
        double sum = 0;
        for (std::size_t read = 0; read < levels_; ++read) {
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
    for (std::size_t stored = 0; stored < levels_; ++stored) largest = std::max(largest, rate(stored));
    return std::min(largest, 1.0);
}

std::size_t MisreadTable::read(std::size_t stored, double p) const {
    const auto row = up_to_.begin() + static_cast<std::ptrdiff_t>(stored * levels_);
    const auto found = std::lower_bound(row, row + static_cast<std::ptrdiff_t>(levels_), p);
    const auto level = static_cast<std::size_t>(found - row);
    return level < levels_ ? level : stored;
}

CellMisread::CellMisread(const std::map<std::string, std::vector<Transitions>>& transitions) {
    for (const auto& [name, by_bits] : transitions) {
        std::vector<MisreadTable>& tables = tables_[name];
        for (const Transitions& matrix : by_bits) {
            tables.emplace_back(matrix);
            require(matrix.levels == std::size_t{1} << tables.size(), "CellMisread: transitions of ", name,
                    " must have ", std::size_t{1} << tables.size(), " levels at ", tables.size(),
                    " bits, got ", matrix.levels);
        }
    }
}

std::vector<const MisreadTable*> CellMisread::tables_of(const Region& region) const {
    const auto found = tables_.find(region.map.cell);
    require(found != tables_.end(), "CellMisread: no level statistics for cell '", region.map.cell,
            "' of region ", region.name);
    std::vector<const MisreadTable*> tables;
    for (const int bits : region.map.cell_bits) {
        require(bits >= 1 && static_cast<std::size_t>(bits) <= found->second.size(), "CellMisread: region ",
                region.name, " puts ", bits, " bits into a cell ", region.map.cell, ", which holds 1..",
                found->second.size());
        tables.push_back(&found->second[static_cast<std::size_t>(bits) - 1]);
    }
    return tables;
}

std::vector<Event> CellMisread::events(const CodeImage& image, std::uint64_t seed, std::uint64_t trial,
                                       int threads) const {
    struct Job {
        std::size_t reading;
        std::size_t block;
    };
    std::vector<Reading> readings;
    std::vector<Job> jobs;
    for (std::size_t r = 0; r < image.regions.size(); ++r) {
        const Region& region = image.regions[r];
        const auto tables = tables_of(region);
        const double rate = largest_rate(tables);
        if (rate == 0) continue;
        for (std::size_t b = 0; b * block_cells < region.cells(); ++b) jobs.push_back({readings.size(), b});
        readings.push_back({static_cast<std::uint32_t>(r), &region, tables,
                            Draws(seed, Stream::fault, image.tensor, region.name, trial), rate,
                            rate < 1 ? std::log1p(-rate) : 0});
    }
    std::vector<std::vector<Event>> parts(jobs.size());
    parallel_for(jobs.size(), threads,
                 [&](std::size_t j) { parts[j] = read_block(readings[jobs[j].reading], jobs[j].block); });
    std::vector<Event> all;
    for (const auto& part : parts) all.insert(all.end(), part.begin(), part.end());
    return all;
}

std::vector<double> CellMisread::expected(const CodeImage& image) const {
    std::vector<double> per_region;
    for (const Region& region : image.regions) {
        const auto tables = tables_of(region);
        double sum = 0;
        for (std::size_t place = 0; place < tables.size(); ++place) {
            const std::vector<std::uint64_t> counts = level_counts(region, place);
            for (std::size_t level = 0; level < counts.size(); ++level) {
                sum += static_cast<double>(counts[level]) * tables[place]->rate(level);
            }
        }
        per_region.push_back(sum);
    }
    return per_region;
}

}  // namespace siliconbert
