// Several faults of one memory, one after another.
#pragma once

#include <memory>
#include <vector>

#include "siliconbert/faults/fault.hpp"

namespace siliconbert {

// The seed of part number `part`: parts draw independently, and the first one as if it were alone.
std::uint64_t part_seed(std::uint64_t seed, std::size_t part);

// Each part meets the cells as the parts before it left them; a cell that several change is one event.
class Mixed final : public CellFault {
 public:
    using Part = std::shared_ptr<const CellFault>;

    explicit Mixed(std::vector<Part> parts) : parts_(std::move(parts)) {}

    std::vector<Event> events(const CodeImage& image, std::uint64_t seed, std::uint64_t trial,
                              int threads) const override;
    // The product of the parts' transitions; exact unless a part with a truncated count comes after another.
    Transitions transitions(const CodeImage& image, std::size_t region, std::size_t place) const override;

 private:
    std::vector<Part> parts_;
};

}  // namespace siliconbert
