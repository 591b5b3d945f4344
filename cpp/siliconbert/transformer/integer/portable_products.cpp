#include <algorithm>
#include <vector>

#include "siliconbert/base/clones.hpp"
#include "siliconbert/transformer/integer/products.hpp"

namespace siliconbert {

namespace {

// sums[i][j] = x_i . w_j, of 16-bit values that hold 8-bit codes.
SILICONBERT_CLONES
void dot_rows(const std::int16_t* x, const std::int16_t* w, std::size_t rows, std::size_t columns,
              std::size_t length, std::int32_t* sums, std::size_t stride) {
    for (std::size_t j = 0; j < columns; ++j) {
        const std::int16_t* weights = w + j * length;
        for (std::size_t i = 0; i < rows; ++i) {
            const std::int16_t* values = x + i * length;
            std::int32_t sum = 0;
#pragma omp simd reduction(+ : sum)
            for (std::size_t k = 0; k < length; ++k) sum += values[k] * weights[k];
            sums[i * stride + j] = sum;
        }
    }
}

template <class Code>
void widen(const Code* codes, std::size_t rows, std::size_t columns, std::size_t stride,
           std::vector<std::int16_t>& out) {
    out.resize(rows * columns);
    for (std::size_t i = 0; i < rows; ++i) {
        std::copy_n(codes + i * stride, columns, out.begin() + static_cast<std::ptrdiff_t>(i * columns));
    }
}

void widen_transposed(const std::int8_t* codes, std::size_t rows, std::size_t columns, std::size_t stride,
                      std::vector<std::int16_t>& out) {
    out.resize(rows * columns);
    for (std::size_t i = 0; i < rows; ++i) {
        for (std::size_t j = 0; j < columns; ++j) out[j * rows + i] = codes[i * stride + j];
    }
}

class PortableLinear final : public IntegerLinear {
 public:
    PortableLinear(std::span<const std::int8_t> weight, std::size_t in, std::size_t out)
        : weight_(weight.begin(), weight.end()), in_(in), out_(out) {}

    void apply(const std::int8_t* x, std::size_t rows, std::size_t chunk, std::int32_t* sums) const override {
        thread_local std::vector<std::int16_t> wide;
        widen(x, rows, in_, in_, wide);
        const std::size_t first = chunk * column_chunk;
        const std::size_t columns = std::min(column_chunk, out_ - first);
        dot_rows(wide.data(), weight_.data() + first * in_, rows, columns, in_, sums, columns);
    }

 private:
    std::vector<std::int16_t> weight_;
    std::size_t in_;
    std::size_t out_;
};

class PortableAttention final : public IntegerAttention {
 public:
    explicit PortableAttention(const IntegerAttentionSpec& spec) : spec_(spec) {}

    void scores(const std::int8_t* q, const std::int8_t* k, std::int32_t* sums) const override {
        const auto [tokens, heads, width, stride] = spec_;
        std::vector<std::int16_t> queries;
        std::vector<std::int16_t> keys;
        for (std::size_t h = 0; h < heads; ++h) {
            widen(q + h * width, tokens, width, stride, queries);
            widen(k + h * width, tokens, width, stride, keys);
            dot_rows(queries.data(), keys.data(), tokens, tokens, width, sums + h * tokens * tokens, tokens);
        }
    }

    void context(const std::uint8_t* probabilities, const std::int8_t* v, std::int32_t* sums) const override {
        const auto [tokens, heads, width, stride] = spec_;
        std::vector<std::int16_t> rows;
        std::vector<std::int16_t> values;
        for (std::size_t h = 0; h < heads; ++h) {
            widen(probabilities + h * tokens * tokens, tokens, tokens, tokens, rows);
            widen_transposed(v + h * width, tokens, width, stride, values);
            dot_rows(rows.data(), values.data(), tokens, width, tokens, sums + h * width, heads * width);
        }
    }

 private:
    IntegerAttentionSpec spec_;
};

class PortableProducts final : public IntegerProducts {
 public:
    std::string name() const override { return "portable"; }

    std::unique_ptr<IntegerLinear> linear(std::span<const std::int8_t> weight, std::size_t in,
                                          std::size_t out) const override {
        return std::make_unique<PortableLinear>(weight, in, out);
    }

    std::shared_ptr<const IntegerAttention> attention(const IntegerAttentionSpec& spec) const override {
        return std::make_shared<PortableAttention>(spec);
    }
};

}  // namespace

std::shared_ptr<const IntegerProducts> portable_integer_products() {
    return std::make_shared<PortableProducts>();
}

}  // namespace siliconbert
