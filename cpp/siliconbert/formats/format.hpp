// Every number format through one set of words. A new family is one header and source like fixed.hpp and its
// line in `Family`. It is a struct and these functions:
//   check(family)                       throws unless the shape is one
//   width(family)                       bits of a code, 1..16
//   parameter_bytes(family)             bytes of one parameter set, 0 where nothing depends on the data
//   fit(family, values, bytes)          fills one set from the data
//   coder(family, bytes)                an object with encode(value) and decode(code), for any bytes and code
//   fields(family)                      what the bits of a code mean
// and, where it matters: `rounding` (a member; the coder then has encode(value, random) too); encode(coder,
// in, codes, count) and quantize(coder, in, out, count), whole runs at once; takes(family, value), which
// values that are not finite it encodes; quantize_finite(coder, in, out, count), which looks at the values
// itself: it leaves what is not finite as it is and returns whether all was.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "siliconbert/base/words.hpp"
#include "siliconbert/formats/adaptivfloat_quantizer.hpp"
#include "siliconbert/formats/binary.hpp"
#include "siliconbert/formats/blockfloat.hpp"
#include "siliconbert/formats/codebook.hpp"
#include "siliconbert/formats/family.hpp"
#include "siliconbert/formats/fixed.hpp"
#include "siliconbert/formats/integer.hpp"
#include "siliconbert/formats/microscaling.hpp"
#include "siliconbert/formats/minifloat.hpp"
#include "siliconbert/formats/posit.hpp"

namespace siliconbert {

using Family =
    std::variant<AdaptivFloat, Minifloat, Fixed, Integer, Binary, BlockFloat, Microscaling, Posit, Codebook>;

// Which values have their parameters in common; a group is neighbouring columns of one row.
enum class Sharing { tensor, row, group };
const std::vector<std::string>& sharing_names();  // in the order of the enumeration

struct Format {
    Family family;
    Sharing sharing = Sharing::tensor;
    std::size_t group = 0;                      // columns of a group, the last one of a row may have fewer
    std::vector<std::uint8_t> parameters = {};  // all sets, one after the other; empty until fitted
    bool operator==(const Format&) const = default;
};

// Throws unless family, sharing and group are in range.
void check(const Format& format);

// Throws unless the format holds the parameters of that many elements in rows of `columns`.
void check_parameters(const Format& format, std::size_t elements, std::size_t columns, const char* function);

int width(const Format& format);
std::size_t parameter_bytes(const Format& format);  // of one set
Bytes bytes_of(const Format& format, std::size_t set);

// The parameter set of an element follows from its row-major position alone.
class Sets {
 public:
    Sets(const Format& format, std::size_t columns);

    std::size_t of(std::size_t element) const {
        if (size_ == 0) return 0;
        return element / columns_ * per_row_ + element % columns_ / size_;
    }
    std::size_t end(std::size_t element) const;  // the first element after it that is of another set
    std::size_t count(std::size_t elements) const;

 private:
    std::size_t columns_;
    std::size_t size_;     // columns of a set; 0 where the tensor is one set
    std::size_t per_row_;  // sets of a row
};

// The format with its parameters chosen from the data: rows of `columns` values. What a mask drops does not
// count. The result is the same at any number of threads; 0 means all, here and below.
Format fit_format(std::span<const float> values, std::size_t columns, const Mask* mask, const Format& format,
                  int threads);

// Where the draws of stochastic rounding come from: element i of the tensor of that name has its own.
struct RoundingDraws {
    std::uint64_t seed = 0;
    std::string name;
};

// Code is std::uint8_t (widths up to 8) or std::uint16_t. Values that the format cannot hold because they are
// not finite, and codes beyond the width, are refused.
template <class Code>
void encode(std::span<const float> values, std::size_t columns, const Format& format, std::span<Code> codes,
            int threads, const RoundingDraws& draws = {});
template <class Code>
void decode(std::span<const Code> codes, std::size_t columns, const Format& format, std::span<float> values,
            int threads);
// `out` may be `in`; where a value is refused, what stands in `out` is of no use.
void quantize(std::span<const float> in, std::size_t columns, const Format& format, std::span<float> out,
              int threads, const RoundingDraws& draws = {});

// Values of single codes at any element, for readers of stored tensors. Total: any code below 2^width.
class Decoder {
 public:
    Decoder(const Format& format, std::size_t columns);

    float operator()(std::uint32_t code, std::size_t element) const {
        return table_.empty() ? each_->decode(sets_.of(element), code) : table_[code];
    }

    struct Each {  // one coder a set
        virtual ~Each() = default;
        virtual float decode(std::size_t set, std::uint32_t code) const = 0;
    };

 private:
    Sets sets_;
    std::vector<float> table_;  // where there is one set
    std::shared_ptr<const Each> each_;
};

// The value of every code of one set, 2^width of them.
std::vector<float> values_of_codes(const Format& format, std::size_t set = 0);

Fields fields(const Format& format);

// Bits of a code in the order in which memory cells take them (see CellMap): sign, mantissa, exponent, each
// from its highest bit; the order of nvmFI's bit-level encoder (NVMExplorer).
std::vector<int> bit_order(const Format& format);

// The parameters as stored codes of 8 bits, and the format that stored codes, faulty ones too, stand for.
Codes parameters(const Format& format);
Format with_parameters(Format format, const Codes& codes);

}  // namespace siliconbert
