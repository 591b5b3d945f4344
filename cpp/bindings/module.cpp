#include <stdexcept>
#include <string>

#include "bindings.hpp"

namespace {

// Names that came from a file may hold line ends: an error is one sentence on one line.
void throw_value_error(const std::invalid_argument& error) {
    std::string text = error.what();
    for (char& letter : text) {
        if (static_cast<unsigned char>(letter) < ' ') letter = '?';
    }
    PyErr_SetString(PyExc_ValueError, text.c_str());
}

}  // namespace

PYBIND11_MODULE(_core, core) {
    using namespace siliconbert;
    py::register_exception_translator([](std::exception_ptr thrown) {
        try {
            if (thrown) std::rethrow_exception(thrown);
        } catch (const std::invalid_argument& error) {
            throw_value_error(error);
        }
    });
    bind_base(core);
    bind_formats(core);
    bind_sparsity(core);
    bind_storage(core);
    bind_faults(core);
    bind_exits(core);
    bind_hardware(core);
    bind_schedule(core);
    bind_transformer(core);
}
