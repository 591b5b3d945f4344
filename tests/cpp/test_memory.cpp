#include "catch2.hpp"
#include "siliconbert/hardware/memory.hpp"

using namespace siliconbert;

TEST_CASE("accesses of an array are whole, record by record") {
    const Array array{.width = 64, .time = 2, .energy = 3};
    CHECK(transfer(array, 1, 64).accesses == 1);
    CHECK(transfer(array, 1, 65).accesses == 2);
    CHECK(transfer(array, 5, 65).accesses == 10);
    CHECK(transfer(array, 5, 65).seconds == 20);
    CHECK(transfer(array, 5, 65).joules == 30);
    CHECK(transfer(array, 0, 65).joules == 0);
    CHECK_THROWS_WITH(transfer(array, 1, -1), ContainsSubstring("records and bits must be at least 0"));
}

TEST_CASE("a read of DRAM worked by hand") {
    // Two devices of 8 bits, bursts of 4 transfers: 8 bytes in 2 cycles of 1 s. Rows of 16 bytes.
    Dram dram;
    dram.voltage = 1;
    dram.clock = dram.energy_clock = 1;
    dram.activate_current = 5;
    dram.precharged_current = 1;
    dram.active_current = 2;
    dram.read_current = 4;
    dram.row_active = 3;
    dram.precharge = 2;
    dram.row_to_column = 10;
    dram.column = 20;
    dram.burst = 4;
    dram.devices = 2;
    dram.device_width = 8;
    dram.row = 16;
    CHECK(bytes_per_second(dram) == 4);
    const DramRead found = read(dram, 1, 20);
    CHECK(found.bursts == 3);
    CHECK(found.seconds == 30 + 6);
    CHECK(found.bursting == 2 * (4 - 2) * 6);              // devices, current above an open row, cycles
    CHECK(found.rows == 2 * (5 * 5 - 2 * 3 - 1 * 2) * 2);  // two rows
    CHECK(found.open == 2 * 2 * 36);
    CHECK(read(dram, 0, 20).seconds == 0);
}
