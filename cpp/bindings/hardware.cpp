#include "bindings.hpp"

namespace siliconbert {

void bind_hardware(py::module_& core) { core.def_submodule("hardware"); }

}  // namespace siliconbert
