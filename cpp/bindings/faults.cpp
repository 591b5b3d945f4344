#include "bindings.hpp"

namespace siliconbert {

void bind_faults(py::module_& core) { core.def_submodule("faults"); }

}  // namespace siliconbert
