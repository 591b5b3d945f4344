#include "siliconbert/transformer/integer/lookup.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace siliconbert {

namespace {

// `flip` is added to every byte before it is looked up.
void plain(const std::uint8_t* table, std::uint8_t* values, std::size_t count, std::uint8_t flip) {
    for (std::size_t j = 0; j < count; ++j) values[j] = table[static_cast<std::uint8_t>(values[j] + flip)];
}

#if defined(__x86_64__)
bool has_vbmi() {
    static const bool found = __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vbmi");
    return found;
}

// Two registers hold one half of the table; an index's low 7 bits choose in a half, its top bit the half.
__attribute__((target("avx512f,avx512bw,avx512vbmi"))) void by_permutation(const std::uint8_t* table,
                                                                           std::uint8_t* values,
                                                                           std::size_t count,
                                                                           std::uint8_t flip) {
    __m512i part[4];
    for (int p = 0; p < 4; ++p) part[p] = _mm512_loadu_si512(table + 64 * p);
    const __m512i add = _mm512_set1_epi8(static_cast<char>(flip));
    for (std::size_t j = 0; j < count; j += 64) {
        const std::size_t left = count - j;
        const __mmask64 kept = left >= 64 ? ~__mmask64{0} : (__mmask64{1} << left) - 1;
        const __m512i index = _mm512_add_epi8(_mm512_maskz_loadu_epi8(kept, values + j), add);
        const __m512i low = _mm512_permutex2var_epi8(part[0], index, part[1]);
        const __m512i high = _mm512_permutex2var_epi8(part[2], index, part[3]);
        const __m512i found = _mm512_mask_blend_epi8(_mm512_movepi8_mask(index), low, high);
        _mm512_mask_storeu_epi8(values + j, kept, found);
    }
}
#endif

void apply(const std::uint8_t* table, std::uint8_t* values, std::size_t count, std::uint8_t flip) {
#if defined(__x86_64__)
    if (has_vbmi()) return by_permutation(table, values, count, flip);
#endif
    plain(table, values, count, flip);
}

}  // namespace

void look_up(const std::array<std::uint8_t, 256>& table, std::uint8_t* values, std::size_t count) {
    apply(table.data(), values, count, 0);
}

// Signed and unsigned bytes may alias; adding 128 to a code's byte is adding 128 to the code.
void look_up(const std::array<std::int8_t, 256>& table, std::int8_t* codes, std::size_t count) {
    apply(reinterpret_cast<const std::uint8_t*>(table.data()), reinterpret_cast<std::uint8_t*>(codes), count,
          128);
}

}  // namespace siliconbert
