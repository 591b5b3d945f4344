// What the layouts share: narrow numbers, rows of single bits, and reading both back from any image.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "siliconbert/base/ceil_divide.hpp"
#include "siliconbert/base/words.hpp"
#include "siliconbert/storage/layouts.hpp"

namespace siliconbert {

// Bits that tell `count` things apart: ceil(log2 count), 0 for one.
inline int bits_for(std::size_t count) { return static_cast<int>(count < 2 ? 0 : std::bit_width(count - 1)); }

// The same, or all of `index_bits` where a library's fixed width is asked for (0: the narrowest).
int index_width(const Layout& layout, std::size_t count);

std::size_t option(const Layout& layout, const char* name);

// Appends the numbers as a part, unless they take no bits.
void add_part(Encoded& to, const char* name, int width, const std::vector<std::uint32_t>& numbers);

// The numbers of a part; all 0 where it has no bits and so no region.
class Numbers {
 public:
    Numbers(const CodeImage& image, std::string_view name) {
        if (const Region* found = find_region(image, name)) codes_ = &found->codes;
    }
    std::uint32_t operator[](std::size_t i) const {
        return codes_ == nullptr || i >= codes_->count() ? 0 : codes_->at(i);
    }

 private:
    const Codes* codes_ = nullptr;
};

// Calls use(i) for every one among bits first..last-1 of a part of single bits. Codes are packed without
// gaps, lowest bit first: however many bits share a cell, bit i of the words is bit i of the part.
template <class Use>
void for_each_one(const Codes& bits, std::size_t first, std::size_t last, Use&& use) {
    last = std::min(last, bits.bits());
    for (std::size_t at = first; at < last;) {
        const std::uint64_t word = bits.words()[at / 64] >> (at % 64);
        if (word == 0) {
            at += 64 - at % 64;
            continue;
        }
        at += static_cast<std::size_t>(std::countr_zero(word));
        if (at < last) use(at);
        ++at;
    }
}

// Calls use(row, item) for the items that the pointers give to each row, `longest` at most; there are `count`
// items.
template <class Use>
void for_each_row(const CodeImage& image, std::size_t rows, std::size_t longest, std::size_t count,
                  Placement& found, Use&& use) {
    const Numbers pointer(image, "pointer");
    for (std::size_t row = 0; row < rows; ++row) {
        found.repairs["pointer_outside"] += pointer[row + 1] > count;
        found.repairs["pointer_order"] += pointer[row + 1] < pointer[row];
        const std::size_t begin = pointer[row];
        std::size_t end = std::min<std::size_t>(pointer[row + 1], count);
        if (end > begin + longest) {
            found.repairs["row_overfull"] += end - begin - longest;
            end = begin + longest;
        }
        for (std::size_t item = begin; item < end; ++item) use(row, item);
    }
}

}  // namespace siliconbert
