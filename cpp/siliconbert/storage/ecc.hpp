// Error-correcting codes over a region's stored bits: word i is data bits i * 64 (32) and on, packed lowest
// bit first, the last word filled with zeros; its check bits lie in region "R.check" and can be hit too.
#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "siliconbert/base/words.hpp"
#include "siliconbert/storage/hamming.hpp"

namespace siliconbert {

// Words of one region. A word with a detected error that cannot be corrected stays as it was read.
struct EccCounts {
    std::size_t corrected = 0;     // the decoder changed a bit
    std::size_t detected = 0;      // it saw an error and changed nothing
    std::size_t miscorrected = 0;  // of the corrected ones: data still wrong. Needs the truth
    std::size_t silent = 0;        // data wrong, nothing seen. Needs the truth
    bool operator==(const EccCounts&) const = default;
};
using EccByRegion = std::map<std::string, EccCounts>;  // name of the protected region -> its words

// The check bits of a region, to be stored beside it.
Codes check_bits(const Codes& data, const EccCode& code);

// Reads every protected region through its code; `corrected` and `detected` count.
EccByRegion correct(CodeImage& image);

// What is left of events after correction, as events on the same image: `correct` on the image with `events`
// gives the image with the result's. Takes time by the number of events only. `clean` is the image as it was
// stored; `events` ascend by (region, cell), and so does the result.
struct EccResult {
    std::vector<Event> events;
    EccByRegion counts;
};
EccResult after_ecc(const CodeImage& clean, std::span<const Event> events);

}  // namespace siliconbert
