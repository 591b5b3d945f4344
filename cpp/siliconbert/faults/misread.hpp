// Level misreads: a stored cell is sensed as another level, with the probabilities of its own level.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "siliconbert/faults/fault.hpp"

namespace siliconbert {

// P(misread) of each level, and the running sums that choose the level read.
class MisreadTable {
 public:
    explicit MisreadTable(const Transitions& transitions);

    const Transitions& transitions() const { return transitions_; }
    double rate(std::size_t stored) const { return up_to_[(stored + 1) * transitions_.levels - 1]; }
    double largest_rate() const;
    // The level read at the point `p` of the running sum of P(read | stored), or `stored` beyond its end.
    std::size_t read(std::size_t stored, double p) const;

 private:
    Transitions transitions_;
    std::vector<double> up_to_;  // up_to_[stored, read]: P(read as another level, at most `read`)
};

// Level statistics by cell name and number of bits that a cell of that name holds.
class MisreadTables {
 public:
    using Statistics = std::map<std::string, std::map<int, Transitions>>;

    explicit MisreadTables(const Statistics& statistics);

    // The table of each cell of a code of the region.
    std::vector<const MisreadTable*> of(const Region& region) const;
    const MisreadTable& at(const Region& region, int bits) const;

 private:
    std::map<std::string, std::map<int, MisreadTable>> tables_;
};

// Every cell on its own: the number of misreads of a level is binomial.
class CellMisread final : public CellFault {
 public:
    explicit CellMisread(const MisreadTables::Statistics& statistics) : tables_(statistics) {}

    std::vector<Event> events(const CodeImage& image, std::uint64_t seed, std::uint64_t trial,
                              int threads) const override;
    Transitions transitions(const CodeImage& image, std::size_t region, std::size_t place) const override;

 private:
    MisreadTables tables_;
};

}  // namespace siliconbert
