// The binding files of the hardware stage: hardware.cpp calls the others.
#pragma once

#include "bindings.hpp"

namespace siliconbert {

void bind_explore(py::module_& hardware);
void bind_fpga(py::module_& hardware);
void bind_fq_bert(py::module_& hardware);
void bind_memories(py::module_& hardware);
void bind_sentences(py::module_& hardware);

}  // namespace siliconbert
