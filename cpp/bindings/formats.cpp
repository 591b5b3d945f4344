#include "bindings.hpp"

namespace siliconbert {

void bind_formats(py::module_& core) { core.def_submodule("formats"); }

}  // namespace siliconbert
