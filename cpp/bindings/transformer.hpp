// What the binding files of the network share: its arrays as the core takes them.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "bindings.hpp"
#include "siliconbert/transformer/encoder.hpp"

namespace siliconbert {

// Array, or a function without arguments that returns it; called whenever the tensor is read.
using Arrays = std::map<std::string, py::object>;
using Ids = InArray<std::int32_t>;
using Offsets = InArray<std::int64_t>;

// Views into the arrays, which must outlive them; functions are called with the GIL taken.
Tensors make_tensors(const Arrays& arrays);
NetworkShape make_shape(const py::dict& given);
// Checked against the network's tables.
Batch make_batch(const NetworkShape& shape, const Ids& ids, const Ids& types, const Offsets& offsets);
// Runs sentences first .. last - 1 in slices of about `tokens`, so that Ctrl-C and progress are seen in
// between.
void in_slices(const Batch& batch, std::size_t tokens, const std::optional<py::function>& progress,
               const std::function<void(std::size_t first, std::size_t last)>& run);

void bind_timed_products(py::module_& transformer);
void bind_trials(py::module_& transformer);
void bind_fixed_point(py::module_& transformer);
void bind_blocks(py::module_& transformer);
void bind_integer(py::module_& transformer);

}  // namespace siliconbert
