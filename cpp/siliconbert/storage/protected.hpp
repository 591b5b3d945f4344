// Regions with check bits, as the two readers of codewords see them: words of an image, and words of events.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "siliconbert/base/ceil_divide.hpp"
#include "siliconbert/base/words.hpp"
#include "siliconbert/storage/hamming.hpp"

namespace siliconbert {

// A region with check bits elsewhere; both by number in the image.
struct Protected {
    const EccCode* code;
    std::uint32_t data;
    std::uint32_t check;
    std::size_t data_bits;

    std::size_t words() const {
        const auto word = static_cast<std::size_t>(code->data_bits());
        return ceil_divide(data_bits, word);
    }
};

// All of an image; refuses check bits without a region, and too few of them.
std::vector<Protected> protected_regions(const CodeImage& image);

// Where bit `bit` of codeword `word` is stored: a region and a bit of it.
std::pair<std::uint32_t, std::size_t> stored_at(const Protected& region, std::size_t word, int bit);

// The bit that the decoder changes. A syndrome that blames the last word's filling has more than one cause.
std::optional<int> correction(const Protected& region, std::size_t word, std::uint32_t syndrome);

}  // namespace siliconbert
