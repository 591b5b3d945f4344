// Time and energy of moving bytes in and out of on-chip arrays and DRAM.
#pragma once

namespace siliconbert {

// An array on the chip, one access after the other. Units: bits, seconds, joules.
struct Array {
    double width = 0;   // bits an access
    double time = 0;    // of an access
    double energy = 0;  // of an access
};

struct Transfer {
    double accesses = 0;
    double seconds = 0;
    double joules = 0;  // dynamic
};

// `records` of `bits` each; a record starts with a new access.
Transfer transfer(const Array& array, double records, double bits);

// A rank of equal devices: currents of the data sheet (A, each device) and timing (clock cycles).
struct Dram {
    double voltage = 0;
    double clock = 0;               // seconds a cycle
    double energy_clock = 0;        // seconds that a cycle counts in energies
    double activate_current = 0;    // IDD0
    double precharged_current = 0;  // IDD2N
    double active_current = 0;      // IDD3N
    double read_current = 0;        // IDD4R
    double row_active = 0;          // tRAS
    double precharge = 0;           // tRP
    double row_to_column = 0;       // tRCD
    double column = 0;              // CL
    double burst = 0;               // transfers a burst, two a cycle
    double devices = 0;
    double device_width = 0;  // bits
    double row = 0;           // bytes of an open row, all devices
};

struct DramRead {
    double bursts = 0;
    double seconds = 0;
    double bursting = 0;  // joules, what reading draws above an open row
    double rows = 0;      // joules, opening and closing
    double open = 0;      // joules, the open row's current while the read lasts
};

// `records` of `bytes` each, every record from rows of its own: the first row's latency, then burst after
// burst (the other rows open behind it). No refresh.
DramRead read(const Dram& dram, double records, double bytes);

double bytes_per_second(const Dram& dram);

}  // namespace siliconbert
