// Level misreads: a stored cell is sensed as another level, with the probabilities of its own level.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "siliconbert/base/words.hpp"
#include "siliconbert/faults/cell.hpp"

namespace siliconbert {

// P(misread) of each level, and the running sums that choose the level read.
class MisreadTable {
 public:
    explicit MisreadTable(const Transitions& transitions);

    double rate(std::size_t stored) const { return up_to_[(stored + 1) * levels_ - 1]; }
    double largest_rate() const;
    // The level read at the point `p` of the running sum of P(read | stored), or `stored` beyond its end.
    std::size_t read(std::size_t stored, double p) const;

 private:
    std::size_t levels_;
    std::vector<double> up_to_;  // up_to_[stored, read]: P(read as another level, at most `read`)
};

class CellMisread final : public Disturb {
 public:
    // transitions[name][bits - 1] belongs to a cell of that name that holds `bits` bits.
    explicit CellMisread(const std::map<std::string, std::vector<Transitions>>& transitions);

    std::vector<Event> events(const CodeImage& image, std::uint64_t seed, std::uint64_t trial,
                              int threads) const override;

    // Expected events per region: the sum over levels of (cells stored at it x P(misread | level)).
    std::vector<double> expected(const CodeImage& image) const;

 private:
    // The table of each cell of a code.
    std::vector<const MisreadTable*> tables_of(const Region& region) const;

    std::map<std::string, std::vector<MisreadTable>> tables_;
};

}  // namespace siliconbert
