// Softmax of short rows that stay in registers: in a loop over them the remainder costs more than the body.
#pragma once

#include <cstddef>

namespace siliconbert::avx512 {

// Whether the processor has AVX-512 and the rows are 16 to 64 values long.
bool takes(std::size_t columns);

// softmax_rows of elementwise.hpp, where it takes the columns; the exponentials have the same bits, their sum
// another order.
void softmax_rows(float* values, std::size_t rows, std::size_t columns, float scale);

}  // namespace siliconbert::avx512
