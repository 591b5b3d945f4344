#include "bindings.hpp"

PYBIND11_MODULE(_core, core) {
    using namespace siliconbert;
    bind_base(core);
    bind_formats(core);
    bind_sparsity(core);
    bind_storage(core);
    bind_faults(core);
    bind_exits(core);
    bind_hardware(core);
    bind_transformer(core);
}
