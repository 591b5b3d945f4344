// A small product on tiles: both sides are packed into tiles of 16 rows of 64 bytes, padded with zeros.
#pragma once

#include <cstddef>
#include <cstdint>

namespace siliconbert::tiles {

// Whether this build has them; whether the processor does is the caller's to know.
#if defined(__x86_64__) && defined(__GNUC__)
inline constexpr bool built = true;
#else
inline constexpr bool built = false;
#endif

// Rows of bf16 bits that are `stride` values apart.
struct Rows {
    const std::uint16_t* values;
    std::size_t rows;
    std::size_t columns;
    std::size_t stride;
};

struct Size {
    std::size_t rows;
    std::size_t columns;
    std::size_t depth;
};

// The tile unit of the calling thread, set up while it lives; both sides lie in memory of that thread.
class Session {
 public:
    Session();
    ~Session();
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    void left(const Rows& rows) const;              // rows x depth
    void right(const Rows& rows) const;             // depth x columns
    void right_transposed(const Rows& rows) const;  // columns x depth
    // out = left right, in fp32, rows `stride` floats apart. Every sum runs over the depth in order, so its
    // bits do not depend on the size.
    void multiply(const Size& size, float* out, std::size_t stride) const;
};

}  // namespace siliconbert::tiles
