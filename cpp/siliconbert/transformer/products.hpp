// Dense products behind one interface: a back end packs weights once and multiplies rows with them, one
// thread a call.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "siliconbert/base/ceil_divide.hpp"

namespace siliconbert {

// What the two sides of a product are held in; sums are always fp32.
enum class Number { fp32, bf16 };

// gelu is x Phi(x) by the error function; gelu_new its tanh approximation (D. Hendrycks, K. Gimpel, arXiv
// 1606.08415).
enum class Activation { none, relu, gelu, gelu_new, tanh };

// Rows come in blocks of this many, the last filled up with zeros: every product then has one of few shapes,
// and the bits of a row do not depend on the rows beside it. 128 rows reuse a layer's weights often enough
// that reading them from the last cache does not bound bf16 products (measured: 64 rows are 17 % slower, 192
// 16 %).
inline constexpr std::size_t row_block = 128;

inline std::size_t padded_rows(std::size_t rows) { return ceil_divide(rows, row_block) * row_block; }

// y = activation(x W^T + b) for one block of rows. W and b were packed when the object was made.
class Linear {
 public:
    virtual ~Linear() = default;
    // x: rows x in values (float, or bf16 bits as uint16_t); y: rows x out floats. Both row-major; `rows` are
    // the specification's.
    virtual void apply(const void* x, float* y) const = 0;
};

struct LinearSpec {
    std::span<const float> weight;  // out x in, row-major
    std::span<const float> bias;    // out
    std::size_t in = 0;
    std::size_t out = 0;
    Activation activation = Activation::none;
    Number number = Number::fp32;
    std::size_t rows = row_block;  // of a call
};

// The two products of attention between some queries and some keys of a sentence; all heads in a call.
class AttentionProducts {
 public:
    virtual ~AttentionProducts() = default;
    // scores[h][i][j] = q_i . k_j of head h; rows of q, k and v are `stride` values apart, head h at column
    // h * head_width.
    virtual void scores(const void* q, const void* k, float* scores) const = 0;
    // context row i, head h = sum_j probabilities[h][i][j] v_j; context: rows of heads * head_width floats.
    virtual void context(const void* probabilities, const void* v, float* context) const = 0;
};

struct AttentionSpec {
    std::size_t queries = 0;
    std::size_t keys = 0;
    std::size_t heads = 0;
    std::size_t head_width = 0;
    std::size_t stride = 0;  // values from one row of q, k or v to the next
    Number number = Number::fp32;
    auto operator<=>(const AttentionSpec&) const = default;
};

// A back end. Its objects may be used from many threads at once.
class Products {
 public:
    virtual ~Products() = default;
    virtual std::string name() const = 0;  // library, version and instruction set: the numeric path
    virtual bool fast_bf16() const = 0;    // whether bf16 products are native here
    // Whether they may run on tiles (Intel AMX): the processor has them, and nobody forbade the library to.
    virtual bool tiles() const { return false; }
    virtual std::unique_ptr<Linear> linear(const LinearSpec& spec) const = 0;
    virtual std::shared_ptr<const AttentionProducts> attention(const AttentionSpec& spec) const = 0;
};

// The back end that is always there.
std::shared_ptr<const Products> eigen_products();

// The oneDNN back end, from the library file built beside the extension (libdnnl itself must already be
// loaded). Throws std::runtime_error with the loader's reason where it cannot be opened.
std::shared_ptr<const Products> open_onednn_products(const std::string& library);

// What that file exports under the name "siliconbert_onednn_products".
using MakeProducts = Products* (*)();

}  // namespace siliconbert
