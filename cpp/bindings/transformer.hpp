// What the binding files of the network share: its arrays as the core takes them.
#pragma once

#include <map>
#include <string>

#include "bindings.hpp"
#include "siliconbert/transformer/encoder.hpp"

namespace siliconbert {

using Arrays = std::map<std::string, InArray<float>>;
using Ids = InArray<std::int32_t>;
using Offsets = InArray<std::int64_t>;

// Views into the arrays, which must outlive them.
Tensors make_tensors(const Arrays& arrays);
Batch make_batch(const Encoder& encoder, const Ids& ids, const Ids& types, const Offsets& offsets);

void bind_trials(py::module_& transformer);
void bind_fixed_point(py::module_& transformer);
void bind_blocks(py::module_& transformer);

}  // namespace siliconbert
