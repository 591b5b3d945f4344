// Transfers of on-chip arrays and DRAM.
#include <map>
#include <string>

#include "hardware.hpp"
#include "siliconbert/hardware/memory.hpp"

namespace siliconbert {

namespace {

py::tuple array_transfer(double width, double time, double energy, double records, double bits) {
    const Transfer found = transfer({width, time, energy}, records, bits);
    return py::make_tuple(found.accesses, found.seconds, found.joules);
}

Dram make_dram(double voltage, double clock, double energy_clock, double activate_current,
               double precharged_current, double active_current, double read_current, double row_active,
               double precharge, double row_to_column, double column, double burst, double devices,
               double device_width, double row) {
    return {voltage,        clock,        energy_clock, activate_current, precharged_current,
            active_current, read_current, row_active,   precharge,        row_to_column,
            column,         burst,        devices,      device_width,     row};
}

}  // namespace

void bind_memories(py::module_& hardware) {
    py::class_<Dram>(hardware, "Dram")
        .def(py::init(&make_dram), py::kw_only(), py::arg("voltage"), py::arg("clock"),
             py::arg("energy_clock"), py::arg("activate_current"), py::arg("precharged_current"),
             py::arg("active_current"), py::arg("read_current"), py::arg("row_active"), py::arg("precharge"),
             py::arg("row_to_column"), py::arg("column"), py::arg("burst"), py::arg("devices"),
             py::arg("device_width"), py::arg("row"));
    hardware.def("array_transfer", &array_transfer, py::arg("width"), py::arg("time"), py::arg("energy"),
                 py::arg("records"), py::arg("bits"));
    hardware.def(
        "dram_read",
        [](const Dram& dram, double records, double bytes) {
            const DramRead found = read(dram, records, bytes);
            return std::map<std::string, double>{{"accesses", found.bursts},
                                                 {"seconds", found.seconds},
                                                 {"bursts", found.bursting},
                                                 {"rows", found.rows},
                                                 {"open", found.open}};
        },
        py::arg("dram"), py::arg("records"), py::arg("bytes"));
    hardware.def("bytes_per_second", &bytes_per_second, py::arg("dram"));
}

}  // namespace siliconbert
