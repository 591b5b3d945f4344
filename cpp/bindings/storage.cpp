#include "bindings.hpp"

namespace siliconbert {

void bind_storage(py::module_& core) { core.def_submodule("storage"); }

}  // namespace siliconbert
