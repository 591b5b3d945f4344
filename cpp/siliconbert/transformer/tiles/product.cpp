#include "siliconbert/transformer/tiles/product.hpp"

#include <algorithm>
#include <array>

#include "siliconbert/base/ceil_divide.hpp"
#include "siliconbert/transformer/aligned.hpp"

#if defined(__x86_64__) && defined(__GNUC__)
// GCC 12 takes the intrinsics' own undefined operands for ours.
#if !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <immintrin.h>
#define SILICONBERT_TILES __attribute__((target("amx-tile,amx-bf16,avx512f,avx512bw,avx512vl,avx512dq")))
#endif

namespace siliconbert::tiles {

#if defined(SILICONBERT_TILES)

namespace {

constexpr std::size_t tile_rows = 16;
constexpr std::size_t row_bytes = 64;
constexpr std::size_t tile_depth = 32;    // bf16 values in 64 bytes
constexpr std::size_t tile_columns = 16;  // fp32 sums in 64 bytes
constexpr std::size_t tile_values = tile_rows * tile_depth;

// Products are made of two by two tiles.
constexpr std::size_t pairs(std::size_t count, std::size_t by) { return 2 * ceil_divide(count, 2 * by); }

// What LDTILECFG reads (Intel, Software Developer's Manual, volume 1, 18.2).
struct alignas(64) Configuration {
    std::uint8_t palette = 1;
    std::uint8_t start_row = 0;
    std::array<std::uint8_t, 14> reserved{};
    std::array<std::uint16_t, 16> bytes{};
    std::array<std::uint8_t, 16> rows{};
};

constexpr Configuration full_tiles() {
    Configuration all;
    for (std::size_t i = 0; i < 8; ++i) {
        all.bytes[i] = row_bytes;
        all.rows[i] = tile_rows;
    }
    return all;
}

constexpr Configuration configuration = full_tiles();

struct Sides {
    Buffer<std::uint16_t> left;   // [row tile][depth tile]
    Buffer<std::uint16_t> right;  // [column tile][depth tile]; a tile has two values of a column side by side
};

Sides& sides() {
    thread_local Sides kept;
    return kept;
}

std::uint16_t* room(Buffer<std::uint16_t>& side, std::size_t tiles) {
    if (side.size() < tiles * tile_values) side.resize(tiles * tile_values);
    return side.data();
}

// 32 values of a row, zeros where it or the side ends.
SILICONBERT_TILES inline __m512i loaded(const Rows& side, std::size_t row, std::size_t column) {
    if (row >= side.rows || column >= side.columns) return _mm512_setzero_si512();
    const std::size_t left = std::min(side.columns - column, tile_depth);
    const auto mask = static_cast<__mmask32>((std::uint64_t{1} << left) - 1);
    return _mm512_maskz_loadu_epi16(mask, side.values + row * side.stride + column);
}

// A square of 16 x 16 pairs of values, on its diagonal.
SILICONBERT_TILES inline void transpose(__m512i (&r)[16]) {
    __m512i t[16];
    for (std::size_t i = 0; i < 16; i += 2) {
        t[i] = _mm512_unpacklo_epi32(r[i], r[i + 1]);
        t[i + 1] = _mm512_unpackhi_epi32(r[i], r[i + 1]);
    }
    for (std::size_t i = 0; i < 16; i += 4) {
        r[i] = _mm512_unpacklo_epi64(t[i], t[i + 2]);
        r[i + 1] = _mm512_unpackhi_epi64(t[i], t[i + 2]);
        r[i + 2] = _mm512_unpacklo_epi64(t[i + 1], t[i + 3]);
        r[i + 3] = _mm512_unpackhi_epi64(t[i + 1], t[i + 3]);
    }
    // Row i now holds column i % 4 of every fourth column, for the four rows from i / 4 * 4 on.
    for (std::size_t i = 0; i < 4; ++i) {
        t[i] = _mm512_shuffle_i32x4(r[i], r[i + 4], 0x88);
        t[i + 4] = _mm512_shuffle_i32x4(r[i], r[i + 4], 0xdd);
        t[i + 8] = _mm512_shuffle_i32x4(r[i + 8], r[i + 12], 0x88);
        t[i + 12] = _mm512_shuffle_i32x4(r[i + 8], r[i + 12], 0xdd);
    }
    for (std::size_t i = 0; i < 4; ++i) {
        r[i] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0x88);
        r[i + 8] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0xdd);
        r[i + 4] = _mm512_shuffle_i32x4(t[i + 4], t[i + 12], 0x88);
        r[i + 12] = _mm512_shuffle_i32x4(t[i + 4], t[i + 12], 0xdd);
    }
}

// Rows 2 i and 2 i + 1 of a side, value by value: of 16 columns, and of the 16 after them.
SILICONBERT_TILES inline void interleave(__m512i upper, __m512i lower, std::uint16_t* first,
                                         std::uint16_t* second) {
    alignas(64) static constexpr auto order = [] {
        std::array<std::uint16_t, 64> places{};
        for (std::uint16_t i = 0; i < 64; ++i) places[i] = static_cast<std::uint16_t>(i / 2 + (i % 2) * 32);
        return places;
    }();
    const __m512i low = _mm512_load_si512(order.data());
    const __m512i high = _mm512_load_si512(order.data() + 32);
    _mm512_store_si512(first, _mm512_permutex2var_epi16(upper, low, lower));
    _mm512_store_si512(second, _mm512_permutex2var_epi16(upper, high, lower));
}

constexpr std::size_t square = 2 * tile_rows;  // of sums, in four tiles

// The sums that lie in the result.
SILICONBERT_TILES inline void copy_out(const float* sums, std::size_t rows, std::size_t columns, float* out,
                                       std::size_t stride) {
    const auto mask = static_cast<std::uint32_t>((std::uint64_t{1} << columns) - 1);
    const auto first = static_cast<__mmask16>(mask), second = static_cast<__mmask16>(mask >> tile_columns);
    for (std::size_t i = 0; i < rows; ++i, sums += square, out += stride) {
        _mm512_mask_storeu_ps(out, first, _mm512_load_ps(sums));
        if (second != 0)
            _mm512_mask_storeu_ps(out + tile_columns, second, _mm512_load_ps(sums + tile_columns));
    }
}

}  // namespace

// Functions of their own: a constructor does not take the attribute.
namespace {

SILICONBERT_TILES void configure() { _tile_loadconfig(&configuration); }

SILICONBERT_TILES void release() { _tile_release(); }

}  // namespace

Session::Session() { configure(); }

Session::~Session() { release(); }

SILICONBERT_TILES void Session::left(const Rows& rows) const {
    const std::size_t depth = ceil_divide(rows.columns, tile_depth);
    const std::size_t tall = pairs(rows.rows, tile_rows);
    std::uint16_t* to = room(sides().left, tall * depth);
    for (std::size_t i = 0; i < tall * tile_rows; ++i) {
        std::uint16_t* row = to + i / tile_rows * depth * tile_values + i % tile_rows * tile_depth;
        for (std::size_t c = 0; c < depth; ++c) {
            _mm512_store_si512(row + c * tile_values, loaded(rows, i, c * tile_depth));
        }
    }
}

SILICONBERT_TILES void Session::right(const Rows& rows) const {
    const std::size_t depth = ceil_divide(rows.rows, tile_depth);
    const std::size_t wide = pairs(rows.columns, tile_columns);
    std::uint16_t* to = room(sides().right, wide * depth);
    for (std::size_t i = 0; i < depth * tile_rows; ++i) {
        std::uint16_t* row = to + i / tile_rows * tile_values + i % tile_rows * tile_depth;
        for (std::size_t j = 0; j < wide; j += 2) {
            const __m512i upper = loaded(rows, 2 * i, j * tile_columns);
            const __m512i lower = loaded(rows, 2 * i + 1, j * tile_columns);
            interleave(upper, lower, row + j * depth * tile_values, row + (j + 1) * depth * tile_values);
        }
    }
}

SILICONBERT_TILES void Session::right_transposed(const Rows& rows) const {
    const std::size_t depth = ceil_divide(rows.columns, tile_depth);
    const std::size_t wide = pairs(rows.rows, tile_columns);
    std::uint16_t* to = room(sides().right, wide * depth);
    for (std::size_t j = 0; j < wide; ++j) {
        for (std::size_t c = 0; c < depth; ++c, to += tile_values) {
            __m512i pairs_of[tile_rows];
            for (std::size_t i = 0; i < tile_rows; ++i) {
                pairs_of[i] = loaded(rows, j * tile_columns + i, c * tile_depth);
            }
            transpose(pairs_of);
            for (std::size_t i = 0; i < tile_rows; ++i) _mm512_store_si512(to + i * tile_depth, pairs_of[i]);
        }
    }
}

SILICONBERT_TILES void Session::multiply(const Size& size, float* out, std::size_t stride) const {
    const std::size_t depth = ceil_divide(size.depth, tile_depth);
    const std::size_t line = depth * tile_values;  // of tiles along the depth
    const std::uint16_t *left = sides().left.data(), *right = sides().right.data();
    for (std::size_t i = 0; i < ceil_divide(size.rows, tile_rows); i += 2) {
        for (std::size_t j = 0; j < ceil_divide(size.columns, tile_columns); j += 2) {
            _tile_zero(0);
            _tile_zero(1);
            _tile_zero(2);
            _tile_zero(3);
            for (std::size_t c = 0; c < line; c += tile_values) {
                _tile_loadd(4, left + i * line + c, row_bytes);
                _tile_loadd(5, left + (i + 1) * line + c, row_bytes);
                _tile_loadd(6, right + j * line + c, row_bytes);
                _tile_loadd(7, right + (j + 1) * line + c, row_bytes);
                _tile_dpbf16ps(0, 4, 6);
                _tile_dpbf16ps(1, 4, 7);
                _tile_dpbf16ps(2, 5, 6);
                _tile_dpbf16ps(3, 5, 7);
            }
            alignas(64) std::array<float, square * square> sums;
            _tile_stored(0, sums.data(), square * sizeof(float));
            _tile_stored(1, sums.data() + tile_columns, square * sizeof(float));
            _tile_stored(2, sums.data() + tile_rows * square, square * sizeof(float));
            _tile_stored(3, sums.data() + tile_rows * square + tile_columns, square * sizeof(float));
            const std::size_t row = i * tile_rows, column = j * tile_columns;
            copy_out(sums.data(), std::min(size.rows - row, square), std::min(size.columns - column, square),
                     out + row * stride + column, stride);
        }
    }
}

#else

Session::Session() = default;
Session::~Session() = default;
void Session::left(const Rows&) const {}
void Session::right(const Rows&) const {}
void Session::right_transposed(const Rows&) const {}
void Session::multiply(const Size&, float*, std::size_t) const {}

#endif

}  // namespace siliconbert::tiles
