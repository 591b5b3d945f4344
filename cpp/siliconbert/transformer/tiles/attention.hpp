// Attention's bf16 products on tiles (Intel AMX). Sentences are short, 25 tokens on average in SST-2, so that
// a library's product spends most of its time around the multiplications.
#pragma once

#include <memory>

#include "siliconbert/transformer/products.hpp"

namespace siliconbert {

// The same back end with attention's bf16 products on tiles where it says that it may use them, else itself.
std::shared_ptr<const Products> with_tiles(std::shared_ptr<const Products> products);

}  // namespace siliconbert
