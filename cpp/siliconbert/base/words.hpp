// The words that stages exchange: codes, masks, stored images, events, and the two interfaces Disturb and
// Leave.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace siliconbert {

// `count` unsigned codes of `width` bits (1..32), packed without gaps, lowest bit first.
class Codes {
 public:
    Codes() = default;
    Codes(int width, std::size_t count);

    int width() const { return width_; }
    std::size_t count() const { return count_; }
    std::size_t bits() const { return static_cast<std::size_t>(width_) * count_; }

    std::uint32_t at(std::size_t i) const {
        const std::size_t bit = i * static_cast<std::size_t>(width_);
        const std::size_t word = bit / 64;
        const int shift = static_cast<int>(bit % 64);
        std::uint64_t code = words_[word] >> shift;
        if (shift + width_ > 64) code |= words_[word + 1] << (64 - shift);
        return static_cast<std::uint32_t>(code & limit());
    }

    void set(std::size_t i, std::uint32_t code) {
        const std::size_t bit = i * static_cast<std::size_t>(width_);
        const std::size_t word = bit / 64;
        const int shift = static_cast<int>(bit % 64);
        const std::uint64_t value = code & limit();
        words_[word] = (words_[word] & ~(limit() << shift)) | (value << shift);
        if (shift + width_ > 64) {
            const int rest = 64 - shift;
            words_[word + 1] = (words_[word + 1] & ~(limit() >> rest)) | (value >> rest);
        }
    }

    // Asks the processor for a code that will be read soon.
    void fetch(std::size_t i) const {
        __builtin_prefetch(&words_[i * static_cast<std::size_t>(width_) / 64]);
    }

    std::span<const std::uint64_t> words() const { return words_; }
    bool operator==(const Codes&) const = default;

 private:
    std::uint64_t limit() const { return (std::uint64_t{1} << width_) - 1; }

    int width_ = 1;
    std::size_t count_ = 0;
    std::vector<std::uint64_t> words_;
};

// Which weights of a rows x columns matrix survive: one code of width 1 each, row-major.
struct Mask {
    std::size_t rows = 0;
    std::size_t columns = 0;
    Codes kept;
    bool operator==(const Mask&) const = default;
};

// Kept blocks of a block-pruned matrix: for each block column the row indices of its blocks, ascending.
struct BlockColumns {
    std::size_t block_rows = 0;
    std::size_t block_columns = 0;
    std::vector<std::size_t> start;           // one more than there are block columns
    std::vector<std::uint32_t> row_of_block;  // row index in blocks
    bool operator==(const BlockColumns&) const = default;
};

// What the bits of a code mean: "sign", "exponent", "mantissa" -> its bits (0 = lowest), highest first.
using Fields = std::map<std::string, std::vector<int>>;

// How the bits of one code lie in memory cells. bit_order[j] is the bit of the code (0 = lowest) stored j-th,
// the most significant first; cell_bits splits that sequence into cells, each holding 2^bits levels. The bits
// of a cell are its level's binary number or, with `gray`, its Gray number: neighbouring levels differ in one
// bit.
struct CellMap {
    std::string cell;            // catalogue name, "rram-mlc2" say
    std::vector<int> bit_order;  // a permutation of 0..width-1
    std::vector<int> cell_bits;  // sums to width
    Fields fields = {};          // of the codes of values; empty where bits have no such meaning
    bool gray = false;
    bool operator==(const CellMap&) const = default;
};

// The level whose cell holds these bits under a Gray map, and the bits of a level.
constexpr std::uint32_t gray_of_level(std::uint32_t level) { return level ^ (level >> 1); }
constexpr std::uint32_t level_of_gray(std::uint32_t bits) {
    for (int shift = 16; shift > 0; shift /= 2) bits ^= bits >> shift;
    return bits;
}

// A cell's code, and its bits there: bit_order[first] is the highest.
struct CellPlace {
    std::size_t code;
    int first;
    int bits;
};

// One named part of a stored tensor: its codes and the cells they lie in.
struct Region {
    std::string name;
    Codes codes;
    CellMap map;
    std::vector<int> plane{};  // of a region that holds only some bits of each value's code: plane[i] is the
                               // value's bit (0 = lowest) that is bit i here; empty elsewhere
    std::string ecc{};         // of a region "R.check": the error-correcting code that protects region R

    std::size_t cells_per_code() const { return map.cell_bits.size(); }
    std::size_t cells() const { return codes.count() * cells_per_code(); }
    CellPlace place(std::size_t cell) const;
    std::uint32_t level(std::size_t cell) const;            // of a cell, 0 .. 2^bits - 1
    void set_level(std::size_t cell, std::uint32_t level);  // the other bits of the code stay
    bool operator==(const Region&) const = default;
};

// A storage layout and its numbers, block_rows for instance: fixed in the hardware, not in any cell.
struct Layout {
    std::string name = "dense";
    std::map<std::string, std::size_t> options{};
    bool operator==(const Layout&) const = default;
};

// A tensor as it lies in memory: named regions of cells.
struct CodeImage {
    std::string tensor;
    std::size_t rows = 0;
    std::size_t columns = 0;
    std::vector<Region> regions;
    Layout layout{};
    bool operator==(const CodeImage&) const = default;
};

// One stored cell that was read as another level. Applying `read` replays it, applying `stored` undoes it.
struct Event {
    std::uint32_t region;  // index in CodeImage::regions
    std::uint64_t cell;
    std::uint8_t stored;
    std::uint8_t read;
    bool operator==(const Event&) const = default;
};

// Throws unless every event names a cell of the image and levels that it has; `function` opens the sentence.
void check_events(const CodeImage& image, std::span<const Event> events, const char* function);

void apply_events(CodeImage& image, std::span<const Event> events);
void undo_events(CodeImage& image, std::span<const Event> events);

// What memory does to a stored image: the events of one trial, which is a function of (seed, tensor, region,
// trial).
class Disturb {
 public:
    virtual ~Disturb() = default;
    virtual std::vector<Event> events(const CodeImage& image, std::uint64_t seed, std::uint64_t trial,
                                      int threads) const = 0;
};

// Decides which sentences go on after a layer (1-based). One object serves one batch from its first layer to
// its last.
class Leave {
 public:
    virtual ~Leave() = default;
    // entropy[i] belongs to the i-th sentence of the batch; leaves[i] becomes 1 where it stops here.
    // Sentences that already left keep their 1.
    virtual void after(int layer, std::span<const float> entropy, std::span<std::uint8_t> leaves) = 0;
    // Whether the entropies after this layer count; else they may be any numbers and need not be computed.
    virtual bool reads(int /*layer*/) const { return true; }
};

}  // namespace siliconbert
