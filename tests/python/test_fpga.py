"""Operators on an FPGA: equal to their twin, to the paper's rows, and by real memory shapes; devices."""

import pytest

from siliconbert import catalog, hardware
from siliconbert.hardware import FpgaModel, fpga
from siliconbert.reference import fpga as twin

NUMBERS = {
    key: q.value for key, q in catalog.records("fpga")["cbbp"].items() if isinstance(q, catalog.Quantity)
}


def arithmetic(name):
    record = catalog.records("fpga")[name]
    return {key: q.value for key, q in record.items() if isinstance(q, catalog.Quantity)}


@pytest.mark.parametrize("name", fpga.ARITHMETIC)
@pytest.mark.parametrize("lanes", [1, 2, 8, 32, 64, 256, 512, 1024])
def test_products_equal_their_twin(name, lanes):
    model, a = FpgaModel(arithmetic=name), arithmetic(name)
    for density in (0.1, 0.37, 1.0):
        one = fpga.product(800, 1000, density)
        keep = max(1, int(density * 50 + 1e-9))
        slots = twin.product_slots(63, keep, 256, lanes, a["add_cycles"])
        assert model.cycles(one, 7, lanes) == pytest.approx(7 * slots)
        assert model.amounts(one, lanes)["dsp"] == twin.product_dsp(lanes, NUMBERS, a)
        shapes = list(zip((36, 18, 9, 4, 2, 1), (512, 1024, 2048, 4096, 8192, 16384), strict=True))
        words = 63 * keep * 256
        assert one.words == words
        assert model.memory(one, lanes, "bram18") == twin.memory_blocks(shapes, words, a["width"], lanes)
        assert model.memory(one, lanes, "uram") == twin.uram_blocks(72, 4096, words, a["width"], lanes)


@pytest.mark.parametrize("name", fpga.ARITHMETIC)
@pytest.mark.parametrize("lanes", [1, 2, 4, 16, 32])
def test_other_operators_equal_their_twin(name, lanes):
    model, a = FpgaModel(arithmetic=name), arithmetic(name)
    heads = fpga.attention(12, 64, 128)
    assert model.cycles(heads, 3, lanes) == 3 * twin.attention_slots(64, 128, lanes, NUMBERS)
    assert model.amounts(heads, lanes)["dsp"] == twin.attention_dsp(12, lanes, NUMBERS, a)
    norm = fpga.add_norm(768)
    assert model.cycles(norm, 3, lanes) == 3 * twin.add_norm_slots(768, lanes, NUMBERS)
    assert model.amounts(norm, lanes)["dsp"] == twin.add_norm_dsp(lanes, NUMBERS, a)
    both = fpga.feed_forward(800, 200, 0.1)
    parts = [(13, 5, 256), (50, 1, 256)]
    assert model.cycles(both, 3, lanes) == pytest.approx(
        3 * twin.feed_forward_slots(parts, 208, lanes, a["add_cycles"], NUMBERS)
    )


# The paper's Table I with the parallelism that its DSP column allows: ms, DSP.
ROWS = {
    "mm1": (fpga.product(800, 800, 0.1, copies=3, row_registers=True), 64, 1.152, 331),
    "attention": (fpga.attention(4, 200, 32), 8, 0.554, 292),
    "mm2": (fpga.product(800, 800, 0.1), 32, 0.704, 168),
    "add_norm": (fpga.add_norm(800), 4, 0.321, 62),
    "mm3": (fpga.feed_forward(800, 200, 0.1), 32, 0.393, 172),
    "mm4": (fpga.product(800, 28785, 0.1), 256, 3.456, 1318),
}


@pytest.mark.parametrize("name", ROWS)
def test_printed_rows(name):
    work, lanes, ms, dsp = ROWS[name]
    assert FpgaModel().latency_ms(work, 32, lanes) == pytest.approx(ms, rel=1e-3)
    assert FpgaModel().amounts(work, lanes)["dsp"] == pytest.approx(dsp, rel=0.015)


def test_weights_do_not_fit_the_block_ram_in_32_bits():
    def blocks(name):
        model = FpgaModel(arithmetic=name)
        used = {
            key: model.memory(work, lanes, "bram18")
            for key, (work, lanes, _, _) in ROWS.items()
            if work.words
        }
        return 2 * (used["mm1"] + used["mm2"] + used["mm3"]) + used["mm4"]

    assert blocks("fp32") == 5760 > hardware.device("u200").resources["bram18"]
    assert blocks("fixed16") == 2880


def test_registers_can_be_counted_from_a_library():
    work = ROWS["mm2"][0]
    assert FpgaModel().amounts(work, 32)["ff"] == 337 * 32 + 12500
    assert FpgaModel(registers="library").amounts(work, 32)["ff"] == 355 * 32 + 12000
    extra = FpgaModel().amounts(ROWS["mm1"][0], 64)["ff"] - FpgaModel().amounts(work, 64)["ff"]
    assert extra == NUMBERS["row_registers_ff"]


def test_clock_and_interval_scale_time_alone():
    work = ROWS["mm4"][0]
    assert FpgaModel(clock_mhz=300, interval=3).latency_ms(work, 32, 256) == pytest.approx(3.456)
    assert FpgaModel(clock_mhz=200).latency_ms(work, 32, 256) == pytest.approx(3.456 / 2)


def test_devices_have_all_resources_and_regions_within_them():
    for name in hardware.devices():
        device = hardware.device(name)
        assert set(device.resources) == set(hardware.device("u200").resources)
        for resource, amount in device.resources.items():
            assert sum(region[resource] for region in device.regions) <= amount
    assert hardware.device("u200").resources["lut"] * 2 == hardware.device("u200").resources["ff"]


def test_own_devices(tmp_path, monkeypatch):
    monkeypatch.setattr(catalog, "_ADDED", {})
    path = tmp_path / "mine.toml"
    path.write_text('[mine]\nsource = "us"\ndsp = 10\nff = 20\nlut = 10\nbram18 = 4\nuram = 0\n')
    assert hardware.load_devices(path) == ["mine"]
    assert hardware.device("mine").resources["ff"] == 20 and hardware.device("mine").regions == ()
    for text, match in (
        ('[x]\nlike = "u300"\n', "x.like: must be one of .*; got 'u300'"),
        ('[x]\nsource = "us"\ndsp = 10\n', "x: ff missing"),
        ('[x]\nlike = "u200"\nsource = "us"\ndsp = 1.5\n', "must be a whole number"),
        ('[x]\nlike = "u200"\nsource = "us"\nslr_dsp = [1, 2]\n', "slr_ lists must be given for all of"),
        ('[u200]\nlike = "u200"\nsource = "us"\ndsp = 1\n', "name must be new"),
    ):
        path.write_text(text)
        with pytest.raises(ValueError, match=match):
            hardware.load_devices(path)


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: fpga.product(800, 8), "block must not be larger than the matrix, got 16 x 16 for 800 x 8"),
        (lambda: fpga.product(800, 800, 0.0), "density must be above 0 and at most 1 to keep a block, got 0"),
        (lambda: fpga.feed_forward(800, 200, 1.5), "density must be above 0 and at most 1"),
        (lambda: fpga.attention(0, 64, 32), "heads must be at least 1, got 0"),
        (lambda: FpgaModel(arithmetic="int4"), "arithmetic must be one of fixed16, fp32; got 'int4'"),
        (lambda: FpgaModel(clock_mhz=0), "clock_mhz must be positive, got 0"),
        (lambda: hardware.device("u300"), "name must be one of u200, .*; got 'u300'"),
        (lambda: hardware.shell("usb"), "name must be one of ddr, ethernet, hbm; got 'usb'"),
    ],
)
def test_bad_input_is_named(call, match):
    with pytest.raises(ValueError, match=match):
        call()
