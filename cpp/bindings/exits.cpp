#include "bindings.hpp"

namespace siliconbert {

void bind_exits(py::module_& core) { core.def_submodule("exits"); }

}  // namespace siliconbert
