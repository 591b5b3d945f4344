// Products of 8-bit codes with exact 32-bit sums, behind one interface: every back end gives the same
// integers. What is multiplied must keep its sums within 32 bits.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace siliconbert {

// Rows come in blocks of at most this many, a multiple of row_unit.
inline constexpr std::size_t integer_row_block = 128;
inline constexpr std::size_t row_unit = 16;
// Output columns come in chunks of this many (the last may be smaller), so that the weights of a chunk and
// its sums stay in the second cache.
inline constexpr std::size_t column_chunk = 256;

// sums = x W^T. W was packed when the object was made.
class IntegerLinear {
 public:
    virtual ~IntegerLinear() = default;
    // x: rows x in codes; sums: rows x the chunk's columns.
    virtual void apply(const std::int8_t* x, std::size_t rows, std::size_t chunk,
                       std::int32_t* sums) const = 0;
};

// The two products of attention among the tokens of a sentence, for some heads that lie side by side.
class IntegerAttention {
 public:
    virtual ~IntegerAttention() = default;
    // sums[h][i][j] = q_i . k_j of head h; rows of q, k and v are `stride` codes apart, head h at column
    // h * head_width.
    virtual void scores(const std::int8_t* q, const std::int8_t* k, std::int32_t* sums) const = 0;
    // Row i of sums, head h: sum_j probabilities[h][i][j] v_j; rows of heads * head_width sums.
    virtual void context(const std::uint8_t* probabilities, const std::int8_t* v,
                         std::int32_t* sums) const = 0;
};

struct IntegerAttentionSpec {
    std::size_t tokens = 0;
    std::size_t heads = 0;
    std::size_t head_width = 0;
    std::size_t stride = 0;
    auto operator<=>(const IntegerAttentionSpec&) const = default;
};

// A back end. Its objects may be used from many threads at once.
class IntegerProducts {
 public:
    virtual ~IntegerProducts() = default;
    virtual std::string name() const = 0;
    // weight: out x in, row-major.
    virtual std::unique_ptr<IntegerLinear> linear(std::span<const std::int8_t> weight, std::size_t in,
                                                  std::size_t out) const = 0;
    virtual std::shared_ptr<const IntegerAttention> attention(const IntegerAttentionSpec& spec) const = 0;
};

// The back end that is always there: products of pairs in 16 bits would saturate, so codes are widened first.
std::shared_ptr<const IntegerProducts> portable_integer_products();

// The oneDNN back end, from the library file that open_onednn_products opens. Throws std::runtime_error with
// the loader's reason where it cannot be opened, or where the processor has neither VNNI nor AMX: oneDNN then
// adds pairs of products in 16 bits, which saturates.
std::shared_ptr<const IntegerProducts> open_onednn_integer_products(const std::string& library);

// What that file exports under the name "siliconbert_onednn_integer_products"; null without VNNI and AMX.
using MakeIntegerProducts = IntegerProducts* (*)();

}  // namespace siliconbert
