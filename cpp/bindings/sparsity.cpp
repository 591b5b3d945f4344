#include "bindings.hpp"

namespace siliconbert {

void bind_sparsity(py::module_& core) { core.def_submodule("sparsity"); }

}  // namespace siliconbert
