// What every fault of stored cells can tell besides its events: how likely a cell is read as another level.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "siliconbert/base/words.hpp"
#include "siliconbert/faults/cell.hpp"

namespace siliconbert {

class CellFault : public Disturb {
 public:
    // P(read | stored) of one cell at a place of a region's codes; a place is a cell within its code.
    virtual Transitions transitions(const CodeImage& image, std::size_t region, std::size_t place) const = 0;
};

// Expected events per region: the sum over its cells of P(read as another level | stored level).
std::vector<double> expected(const CellFault& fault, const CodeImage& image);

// Cells at one place of the region's codes that are stored at each level.
std::vector<std::uint64_t> level_counts(const Region& region, std::size_t place);

// No level is read as another one.
Transitions unchanged(std::size_t levels);

}  // namespace siliconbert
