"""Memories, power-on and other processors: worked by hand, against the twin, and the laws of transfers."""

import numpy as np
import pytest

from siliconbert import catalog, hardware
from siliconbert._core import hardware as _core
from siliconbert.reference import memory as twin

ARRAYS = [name for name, record in catalog.records("memories").items() if record["family"] == "array"]
DRAM = {
    "voltage": 1.2,
    "clock": 0.83e-9,
    "energy_clock": 0.83e-9,
    "activate_current": 0.080,
    "precharged_current": 0.034,
    "active_current": 0.047,
    "read_current": 0.243,
    "row_active": 32,
    "precharge": 15,
    "row_to_column": 15,
    "column": 17,
    "burst": 16,
    "devices": 4,
    "device_width": 16,
    "row": 8192,
}
TABLE = hardware.Table()


@pytest.mark.parametrize("bits", [0, 1, 63, 64, 65, 409.6])
@pytest.mark.parametrize("records", [0, 1, 7])
def test_array_accesses_equal_the_twin(records, bits):
    accesses, seconds, joules = _core.array_transfer(64, 1.5, 2.0, records, bits)
    assert accesses == twin.array_accesses(64, records, bits)
    assert (seconds, joules) == pytest.approx((1.5 * accesses, 2.0 * accesses))


@pytest.mark.parametrize("records", [1, 5])
@pytest.mark.parametrize("byte_count", [1, 128, 129, 8192, 1_730_000])
def test_dram_reads_equal_the_twin(records, byte_count):
    found = _core.dram_read(_core.Dram(**DRAM), records, byte_count)
    wanted = twin.dram_read(DRAM, records, byte_count)
    assert found == pytest.approx(wanted, rel=1e-12)


def test_reading_nothing_costs_nothing():
    for name in hardware.memories():
        found = hardware.memory(name).read(0)
        assert (found.accesses, found.seconds, found.joules) == (0, 0, 0)


def test_lpddr4_worked_by_hand_in_both_readings():
    # A burst of 128 bytes: 1.2 V (243 - 47) mA 8 cycles 4 devices = 7,526 V mA cycles; 0.83 ns a cycle, or 1.
    corrected, printed = (hardware.memory("lpddr4", reading) for reading in ("corrected", "as-printed"))
    assert corrected.read(128).by_part["bursts"] / 1024 == pytest.approx(6.10e-12, rel=1e-3)
    assert printed.read(128).by_part["bursts"] / 1024 == pytest.approx(7.35e-12, rel=1e-3)
    # A row: 1.2 (80 47 - 47 32 - 34 15) 4 = 8,381.
    assert corrected.read(8192).by_part["rows"] == pytest.approx(6.96e-9, rel=1e-3)
    assert printed.read(1).seconds == corrected.read(1).seconds
    assert corrected.bytes_per_second == pytest.approx(19.3e9, rel=2e-3)
    assert corrected.read(1.73e6).seconds == pytest.approx(89.8e-6, rel=1e-3)


@pytest.mark.parametrize("name", ARRAYS)
def test_arrays_read_low_typical_high_and_more_never_costs_less(name):
    low, typical, high = (hardware.memory(name, reading) for reading in ("low", "typical", "high"))
    assert low.read_pj <= typical.read_pj <= high.read_pj
    costs = [typical.read(count).joules for count in range(0, 100, 7)]
    assert costs == sorted(costs)
    assert typical.write(64).accesses == typical.read(64).accesses
    assert typical.area_mm2(2**20) == typical.area_mm2_per_mb > 0


def test_reram_area_and_latency_are_the_cells():
    assert hardware.memory("rram-mlc2").read_ns == 1.54
    assert hardware.memory("rram-slc").area_mm2(2**20) == 0.28


def test_power_on_worked_by_hand():
    # 30,000 rows of 128 values, 40 % of them kept, a mask bit each: 480,000 + 1,536,000 bytes.
    assert TABLE.bytes == 2_016_000
    found = hardware.power_on(TABLE, hardware.Memories.get())
    assert found.reram["mask"].accesses == 60_000 and found.reram["values"].accesses == 192_000
    assert found.reram["mask"].joules == pytest.approx(60_000 * 6.178e-12)
    assert found.conventional["SRAM write"].joules == pytest.approx(252_000 * 17.0e-12)
    ours, theirs = found.seconds(hide_sram=True)
    assert ours == pytest.approx(60_000 * 1.21e-9 + 192_000 * 1.54e-9)
    assert theirs == pytest.approx(found.conventional["DRAM read"].seconds)
    assert found.latency_ratio(hide_sram=False) > found.latency_ratio() > 0


def test_one_sentence_from_reram_against_the_whole_table_reaches_the_papers_ratios():
    # 128 rows of two mask words and seven value words: 1,152 accesses. The paper prints 66,000 and 50.
    found = {
        reading: hardware.power_on(TABLE, hardware.Memories.get(reading), tokens=128)
        for reading in ("low", "typical", "high")
    }
    assert sum(t.accesses for t in found["low"].reram.values()) == 1152
    assert found["high"].energy_ratio < found["typical"].energy_ratio < 66_000 < found["low"].energy_ratio
    assert found["typical"].latency_ratio() == pytest.approx(50, abs=15)
    whole = hardware.power_on(TABLE, hardware.Memories.get("low"))
    assert whole.energy_ratio < 1000 and whole.latency_ratio() < 1


def test_rows_straight_from_dram():
    found = hardware.from_dram_only(TABLE, hardware.Memories.get(), tokens=128)
    assert found.accesses == 128  # a burst of 128 bytes holds a row's 67


@pytest.mark.parametrize("name", hardware.processors())
def test_processors_worked_by_hand_and_scaling(name):
    found = hardware.processor(name)
    low, high = found.seconds("albert-base")
    # 12 layers of 931,135,488 MACs.
    assert low == pytest.approx(12 * 2 * 931_135_488 / (found.peak * found.share[1]))
    energy = (low * found.watts[0] / found.clocks[0], high * found.watts[1] / found.clocks[1])
    assert low <= high and found.joules("albert-base") == pytest.approx(energy)
    assert found.seconds("albert-base", layers=6) == pytest.approx((low / 2, high / 2))
    assert found.seconds("albert-base", heads_off=8)[0] < low


def test_tx2_lies_where_the_paper_puts_it():
    # Sec. 8.2.1: the accelerator overtakes the GPU at n = 16, so not at n = 8.
    low, high = hardware.processor("tx2").seconds("albert-base")
    at = {n: hardware.accelerator("edgebert-12nm", n=n).base("albert-base").latency[0] for n in (8, 16)}
    assert low < at[8] and high > at[16]


def test_a_power_and_its_clock_are_of_one_mode():
    assert hardware.processor("tx2").clocks == pytest.approx((0.85 / 1.3, 1.12 / 1.3))
    assert hardware.processor("tx2-cpu").clocks == pytest.approx((0.6, 1.0))
    assert hardware.processor("i7-8700").clocks == (1.0, 1.0)


@pytest.mark.parametrize(
    ("call", "complaint"),
    [
        (lambda: hardware.memory("flash"), "^hardware.memory: name must be one of lpddr4, .*; got 'flash'"),
        (lambda: hardware.memory("sram", "best"), "reading must be one of typical, low, high; got 'best'"),
        (lambda: hardware.memory("lpddr4", "low"), "reading must be one of corrected, as-printed; got 'low'"),
        (lambda: hardware.memory("sram").read(-1), "records and bits must be at least 0, got 1 and -8"),
        (lambda: hardware.memory("lpddr4").read(1, -1), "records and bytes must be at least 0, got -1 and 1"),
        (
            lambda: hardware.processor("tx1"),
            "^hardware.processor: name must be one of i7-8700, k80, tx2, tx2-cpu; got 'tx1'",
        ),
    ],
)
def test_bad_arguments_are_named(call, complaint):
    with pytest.raises(ValueError, match=complaint):
        call()


@pytest.fixture
def own(tmp_path, monkeypatch):
    """Writes a TOML file; what is loaded from it is forgotten after the test."""
    monkeypatch.setattr(catalog, "_ADDED", {})

    def write(text):
        path = tmp_path / "mine.toml"
        path.write_text(text)
        return path

    return write


def test_own_memories_from_another_or_from_scratch(own):
    path = own(
        '[fast]\nlike = "sram"\nsource = "compiler"\nread_latency = 0.8\nnode = "7 nm"\n'
        '[my-rram]\nfamily = "array"\ncell = "rram-slc"\nsource = "paper"\naccess_width = 128\n'
        "read_energy = 9\nwrite_energy = { value = 50, unit = 'pJ' }\nwrite_latency = 12\nleakage_power = 0\n"
    )
    assert hardware.load_memories(path) == ["fast", "my-rram"]
    assert hardware.memory("fast").read_ns == 0.8 and hardware.memory("fast").write_pj == 17.0
    assert catalog.records("memories")["fast"]["read_latency"].node == "7 nm"
    found = hardware.memory("my-rram", "low")
    assert (found.read_pj, found.read_ns, found.access_bits) == (9, 1.21, 128)
    assert hardware.load_memories(path) == ["fast", "my-rram"]  # again, with the same numbers


def test_own_accelerators(own):
    path = own('[mine]\nlike = "edgebert-12nm"\nsource = "me"\nalpha = 1.5\nfrequency_curve = "linear"\n')
    assert hardware.load_accelerators(path) == ["mine"]
    assert hardware.accelerator("mine").values["alpha"] == 1.5
    assert "mine" in hardware.names()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[x", "^mine.toml: the file must be TOML"),
        ("", "must hold at least one record"),
        ("a = 1", "a record must be a table, got 1"),
        ('["a b"]\nlike = "sram"', "names must be letters"),
        ('[x]\nlike = "dram"', "^mine.toml: x.like: must be one of lpddr4, .*; got 'dram'"),
        ("[x]\nread_energy = 1", "^mine.toml: x.family: must be one of array, dram; got None"),
        (
            '[x]\nfamily = "dram"\nsource = "a"\nburst = 8',
            "x: supply_voltage missing; give all of .* or like",
        ),
        ('[x]\nlike = "sram"\nread_energy = 3', "x.read_energy: source missing"),
        (
            '[x]\nlike = "sram"\nsource = "a"\nread_energy = -3',
            r"x.read_energy: must be a number in 0..1e\+06 pJ",
        ),
        ('[x]\nlike = "sram"\nsource = "a"\nread_energy = nan', "must be a number in .*, got nan"),
        ('[x]\nlike = "sram"\nsource = "a"\nread_energy = true', "must be a number in .*, got True"),
        ('[x]\nlike = "sram"\nsource = "a"\naccess_width = 0', "x.access_width: must be a number in 1"),
        (
            '[x]\nlike = "sram"\nsource = "a"\nread_energy = { value = 3, unit = "nJ" }',
            "unit must be 'pJ', got 'nJ'",
        ),
        ('[x]\nlike = "sram"\nsource = "a"\nenergy = 3', "x: keys must be among .*; got 'energy'"),
        (
            '[x]\nlike = "sram"\nsource = "a"\nread_energy = { value = 3, why = 1 }',
            "keys must be among .*; got 'why'",
        ),
        ('[x]\nlike = "sram"\nsource = 3', "x.source: must be text, got 3"),
        (
            '[x]\nlike = "rram-slc"\nsource = "a"\ncell = "mine"',
            "^mine.toml: x: hardware.memory: name must be one of",
        ),
        ('[sram]\nlike = "sram"\nsource = "a"\nread_energy = 3', "^mine.toml: sram: name must be new"),
    ],
)
def test_bad_files_of_memories_are_one_sentence(own, text, complaint):
    with pytest.raises(ValueError, match=complaint):
        hardware.load_memories(own(text))
    assert "x" not in hardware.memories()


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("nominal_frequency = 0", "nominal_frequency: must be a number in 1e-06..100 GHz, got 0"),
        ("sfu_overlap = 1.5", "sfu_overlap: must be a number in 0..1, got 1.5"),
        ("voltage_levels = [0.5, -0.8]", "voltage_levels: must be a number in 0.001..100 V, got -0.8"),
        ("voltage_levels = []", "voltage_levels: must be a list of 1..64 numbers, got"),
        ("voltage_levels = 0.8", "voltage_levels: must be a list of 1..64 numbers, got 0.8"),
        ("sizes = [3.5]", "sizes: must be a whole number in 1..10000 lanes, got 3.5"),
        ("alpha = [1.3]", "alpha: must be a number, got"),
        ("alpha = 1" + "0" * 400, "alpha: must be a number in 0..1000, got 1000"),
        ("successor_voltages = [0.7, 0.7]", "must each be two ascending numbers"),
        ("successor_voltages = [0.7]", "must each be two ascending numbers"),
        ("voltage_levels = [0.8, 0.7]", "mine.toml: mine: hardware: "),
        ('frequency_curve = "cubic"', "frequency_curve must be one of alpha-power"),
    ],
)
def test_bad_files_of_accelerators_are_one_sentence(own, line, complaint):
    with pytest.raises(ValueError, match=complaint) as caught:
        hardware.load_accelerators(own(f'[mine]\nlike = "edgebert-12nm"\nsource = "me"\n{line}\n'))
    assert "\n" not in str(caught.value) and hardware.names() == ["edgebert-12nm"]


def test_a_missing_file_is_one_sentence(tmp_path):
    with pytest.raises(ValueError, match=r"^hardware.load_memories: path must be a readable text file"):
        hardware.load_memories(tmp_path / "none.toml")


def test_the_energies_of_a_wider_access_follow_its_count():
    sram = hardware.memory("sram")
    np.testing.assert_allclose(sram.read(8, records=5).joules, 5 * sram.read(8).joules)
