#include "bindings.hpp"

namespace siliconbert {

void bind_transformer(py::module_& core) { core.def_submodule("transformer"); }

}  // namespace siliconbert
