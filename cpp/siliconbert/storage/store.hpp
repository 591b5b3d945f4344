// From a mask and codes to an image: the layout's regions, in the cells that are to hold them.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "siliconbert/storage/layouts.hpp"

namespace siliconbert {

struct CellType {
    std::string name;  // in the catalogue
    int bits = 1;
};

// By region: what a name without an entry falls back to is what stands before its last dot ("values" for
// "values.sign"), then "*".
template <class T>
using ByRegion = std::map<std::string, T>;

struct Storing {
    Layout layout;
    ByRegion<CellType> cells;
    ByRegion<bool> gray{};
    ByRegion<std::string> ecc{};   // name of a code; "" for none
    std::vector<int> bit_order{};  // of a value's code; empty: from the highest bit down
    Fields fields{};               // of a value's code
    bool planes = false;           // each field has a region of its own, "values.sign" say
};

// `codes`: one an element, row-major, those of pruned elements stand for zero. `parameters`: what the format
// needs to read them. Check bits come last, in cells like those of the region they protect unless named.
CodeImage store(std::string tensor, const Mask& mask, const Codes& codes, Codes parameters,
                const Storing& how);

// Splits a code into cells of `bits` bits from its first stored bit; the last takes what is left (8 = 3 + 3 +
// 2) and then holds fewer levels.
std::vector<int> split_into_cells(int width, int bits);

}  // namespace siliconbert
