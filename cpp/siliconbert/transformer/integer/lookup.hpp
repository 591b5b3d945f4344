// 256-entry tables applied to many bytes: by AVX-512 VBMI where the processor has it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace siliconbert {

// values[j] = table[values[j]].
void look_up(const std::array<std::uint8_t, 256>& table, std::uint8_t* values, std::size_t count);
// codes[j] = table[codes[j] + 128].
void look_up(const std::array<std::int8_t, 256>& table, std::int8_t* codes, std::size_t count);

}  // namespace siliconbert
