// How kept codes lie in memory. A new layout is one function here, its line in `layouts()`, and its way back
// in image.cpp.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "siliconbert/base/words.hpp"

namespace siliconbert {

using CellMaps = std::map<std::string, CellMap>;  // region name -> the cells of its codes

struct Layout {
    std::string name;
    bool keeps_zeros;  // every element has a code, the pruned ones too
    std::vector<std::string> regions;
    // `values`: codes in row-major order, of all elements where the layout keeps zeros, else of the kept
    // ones. `parameters`: what the format needs to read them.
    CodeImage (*store)(std::string tensor, const Mask& mask, Codes values, Codes parameters,
                       const CellMaps& maps);
};

const std::vector<Layout>& layouts();
const Layout& layout(const std::string& name);

// Region "mask": one bit an element, row-major, 1 where it is kept; the bits of a cell are elements that
// follow one another, the first in the highest bit. Region "values": the kept codes.
CodeImage store_bitmask(std::string tensor, const Mask& mask, Codes values, Codes parameters,
                        const CellMaps& maps);

// No mask: region "values" holds all elements.
CodeImage store_dense(std::string tensor, const Mask& mask, Codes values, Codes parameters,
                      const CellMaps& maps);

// Splits a code into cells of `bits` bits from its first stored bit; the last takes what is left (8 = 3 + 3 +
// 2) and then holds fewer levels.
std::vector<int> split_into_cells(int width, int bits);

}  // namespace siliconbert
