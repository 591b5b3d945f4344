// Level misreads as the public tool nvmFI counts them, for comparison with its results: of n cells at a level
// exactly int(P(misread | level) x n) fault, in every trial alike, so that rare misreads never happen.
// nvmFI, fi_utils.py, inject_faults; there a cell that has moved up may move again with its new level.
#pragma once

#include "siliconbert/faults/misread.hpp"

namespace siliconbert {

class TruncatedMisread final : public CellFault {
 public:
    explicit TruncatedMisread(const MisreadTables::Statistics& statistics) : tables_(statistics) {}

    std::vector<Event> events(const CodeImage& image, std::uint64_t seed, std::uint64_t trial,
                              int threads) const override;
    // Shares of the cells that fault in every trial.
    Transitions transitions(const CodeImage& image, std::size_t region, std::size_t place) const override;

 private:
    MisreadTables tables_;
};

}  // namespace siliconbert
