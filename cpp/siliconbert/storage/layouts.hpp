// The storage layouts: which values a layout stores in which order, and what it says about where they belong.
// A new layout is a pair of functions and its line in `layout_kinds()`.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "siliconbert/base/words.hpp"
#include "siliconbert/storage/image.hpp"

namespace siliconbert {

// The element of a stored value that lies in the padding beyond the matrix.
constexpr std::uint32_t outside = 0xffffffff;

// A region that says where values belong.
struct Part {
    std::string name;
    Codes codes;
    bool shares_cells = false;  // single bits: as many as a cell holds lie in one
};

struct Encoded {
    std::vector<std::uint32_t> elements;  // of each stored value, in order; pruned ones are stored as zero
    std::vector<Part> parts;              // those of no bits are left out
};

struct LayoutKind {
    std::string name;
    std::map<std::string, std::size_t> options;  // with their defaults
    std::vector<std::string> regions;            // beside the values and the parameters
    // Completes the options that follow from the mask. Refuses masks that do not fit.
    Encoded (*encode)(Layout& layout, const Mask& mask);
    // Total on faulty images: no code makes it read or write outside its arrays.
    void (*place)(const CodeImage& image, std::size_t values, Placement& found);
};

const std::vector<LayoutKind>& layout_kinds();
const LayoutKind& layout_kind(const std::string& name);

// The layout with all its options; refuses unknown ones and zeros where a size is needed.
Layout complete(Layout layout);

// Every element, the pruned ones as zero.
Encoded encode_dense(Layout& layout, const Mask& mask);
void place_dense(const CodeImage& image, std::size_t values, Placement& found);

// One bit an element, row-major, 1 where it is kept. `restart` 1: a pointer for each row to its first value.
Encoded encode_bitmask(Layout& layout, const Mask& mask);
void place_bitmask(const CodeImage& image, std::size_t values, Placement& found);

// Row and column of every value.
Encoded encode_coo(Layout& layout, const Mask& mask);
void place_coo(const CodeImage& image, std::size_t values, Placement& found);

// Column of every value, and where each row's values begin and end.
Encoded encode_csr(Layout& layout, const Mask& mask);
void place_csr(const CodeImage& image, std::size_t values, Placement& found);

// How many pruned elements lie before each value, in `run_bits` bits. Where there are more than those tell,
// the pruned element after the longest run is stored too.
Encoded encode_run_length(Layout& layout, const Mask& mask);
void place_run_length(const CodeImage& image, std::size_t values, Placement& found);

// Bank balanced: each row's banks of `bank` columns store `kept` values (0: as many as the fullest bank
// keeps) and their columns in the bank; where fewer are kept, pruned elements are stored too.
Encoded encode_csb(Layout& layout, const Mask& mask);
void place_csb(const CodeImage& image, std::size_t values, Placement& found);

// The same with at most `n` kept of each `m` neighbouring columns.
Encoded encode_n_of_m(Layout& layout, const Mask& mask);
void place_n_of_m(const CodeImage& image, std::size_t values, Placement& found);

// Blocks: block column of each, and where each block row's blocks begin and end.
Encoded encode_bsr(Layout& layout, const Mask& mask);
void place_bsr(const CodeImage& image, std::size_t values, Placement& found);

// Column balanced blocks (ISQED 2021): block row of each, ascending in each block column, all of which store
// `kept` blocks (0: as the first one does).
Encoded encode_cscb(Layout& layout, const Mask& mask);
void place_cscb(const CodeImage& image, std::size_t values, Placement& found);

// Blocks and one bit for each block of the matrix, row-major.
Encoded encode_block_bitmap(Layout& layout, const Mask& mask);
void place_block_bitmap(const CodeImage& image, std::size_t values, Placement& found);

}  // namespace siliconbert
