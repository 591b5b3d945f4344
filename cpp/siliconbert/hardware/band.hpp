// Pairs of tokens at most so far apart: what is left of attention inside a window.
#pragma once

#include <cstddef>

namespace siliconbert {

// `tokens` x `tokens` pairs of which those with |query - key| <= reach matter; no tokens: no band.
struct Band {
    std::size_t tokens = 0;
    std::size_t reach = 0;

    explicit operator bool() const { return tokens > 0; }
    bool narrow() const { return tokens > reach + 1; }  // whether it leaves anything out

    double pairs() const;
    // n x n squares of the matrix with such a pair in them, and the pairs that these squares hold.
    double squares(std::size_t n) const;
    double pairs_in_squares(std::size_t n) const;
    // Of every query's keys, in vectors of n from position 0: those with such a pair in them.
    double vectors(std::size_t n) const;
};

}  // namespace siliconbert
