"""FQ-BERT's accelerator: the published designs, the core against its twin, and the laws of costs."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siliconbert import hardware
from siliconbert._core import hardware as core
from siliconbert.hardware import fq_bert_fit as fit
from siliconbert.hardware.shapes import Shape
from siliconbert.reference import fq_bert as twin

DESIGNS = [name for name in hardware.names("fq-bert") if name != "fq-bert"]
laws = settings(max_examples=60, deadline=None, derandomize=True)
units = st.tuples(st.integers(1, 20), st.integers(1, 20), st.integers(1, 12).map(lambda half: 2 * half))
shapes = st.builds(
    lambda heads, head, ffn: Shape(heads * head, ffn, heads, 2),
    st.integers(1, 6),
    st.integers(1, 9),
    st.integers(1, 60),
)
works = st.tuples(shapes, st.integers(0, 40))


def machine(pus, n, m, **changes):
    return hardware.accelerator("fq-bert", n=n, m=m, pus=pus, **changes)


@laws
@given(
    units, works, st.sampled_from([1.0, 1.25]), st.sampled_from([1.0, 16.0]), st.sampled_from([2, 4, 5, 8])
)
def test_cycles_equal_the_twin(design, work, overhead, bus_bytes, weight_bits):
    sizes, tokens = work
    rates = fit.core_rates({"bus_bytes": bus_bytes, "weight_bits": weight_bits}, overhead)
    found = fit.points([fit.core_design(*design)], rates, {}, sizes, tokens)
    wanted = twin.layer(
        tokens, sizes.hidden, sizes.heads, sizes.ffn, *design, overhead, bus_bytes, weight_bits
    )._asdict()
    assert {key: found[key][0] for key in wanted} == pytest.approx(wanted, rel=1e-12)


@laws
@given(units, works, st.sampled_from([2, 4, 8]))
def test_memories_equal_the_twin(design, work, weight_bits):
    sizes, tokens = work
    found = machine(*design, weight_bits=weight_bits).resources(sizes, tokens)
    shape = (tokens, sizes.hidden, sizes.heads, sizes.ffn)
    wanted = twin.memory(*shape, *design, fit.memory_blocks(), weight_bits)
    assert (found["bram18_packed"], found["bram18_separate"]) == wanted


@pytest.mark.parametrize("kind", ["A", "B"])
def test_bit_split_products_equal_the_twin(kind):
    rng = np.random.default_rng(1)
    for length in (1, 2, 8, 17):
        left, right = rng.integers(-128, 128, (2, length)).astype(np.int8)
        exact = int(left.astype(int) @ right.astype(int))
        assert hardware.bim(left, right, kind=kind) == twin.bim_8x8(kind, left, right) == exact
        low = (right % 16 - 8).astype(np.int8)
        assert (
            hardware.bim(left, low, 4) == twin.bim_8x4(left, low) == int(left.astype(int) @ low.astype(int))
        )
    for m in range(2, 34, 2):
        assert core.bim_logic_bits(getattr(core.Bim, kind), m) == twin.bim_logic_bits(kind, m)


@pytest.mark.parametrize("name", DESIGNS)
def test_published_designs_are_met(name):
    found, printed = hardware.accelerator(name), fit.published()[name]
    assert found.inference().latency_ms == pytest.approx(printed["latency"], rel=5e-3)
    have = found.resources()
    assert have["dsp"] == pytest.approx(printed["dsp"], abs=1e-6)
    assert (have["ff"], have["lut"]) == pytest.approx((printed["ff"], printed["lut"]))
    assert found.inference().outside == ()


def test_the_fits_tell_their_freedom():
    found = hardware.accelerator("fq-bert-zcu102").fits
    for one in found.values():
        assert len(one.constants) <= len(one.met) and set(one.met) | set(one.tested) == set(DESIGNS)
        assert all(abs(one.residuals[name]) < 1e-12 for name in one.met)
    assert found["latency"].tested == ("fq-bert-zcu102-16x8",) and found["dsp"].tested == ("fq-bert-zcu111",)
    assert found["latency"].residuals["fq-bert-zcu102-16x8"] == pytest.approx(-0.0018, abs=1e-4)
    assert "no point is left" in str(found["ff"]) and "no point is left" in str(found["lut"])
    assert min(x for one in found.values() for x in one.constants.values()) > 0


def test_latency_worked_by_hand():
    # 12 layers: 84,934,656 weights * 128 at 8 x 4, 2 * 12 * 128 * 128 * 64 * 12 at 8 x 8, two slots each.
    slots = 84_934_656 * 128 + 2 * 301_989_888
    ms = hardware.accelerator("fq-bert-zcu102").inference().ms
    overhead = fit.fits()["latency"].constants["overhead"]
    assert ms["linear"] + ms["attention"] == pytest.approx(overhead * slots / (12 * 8 * 16) / 214e3)
    # 12 * 12 * 128 * 128 scores and 12 * 2 * 128 * 768 values on 16 lanes.
    assert ms["simd"] == pytest.approx(4_718_592 / 16 / 214e3)
    assert ms["transfer"] == 0


def test_rates_of_the_published_designs():
    zcu102, zcu111 = (hardware.accelerator(f"fq-bert-zcu{board}") for board in (102, 111))
    assert (zcu102.peak_gops, zcu111.peak_gops) == pytest.approx((657.4, 1314.8), abs=0.1)
    found = [each.inference() for each in (zcu102, zcu111)]
    assert [each.gops for each in found] == pytest.approx([509, 939], rel=1e-3)
    assert [each.weights_gbs for each in found] == pytest.approx([0.97, 1.79], abs=0.006)
    assert [each.fps_per_watt for each in found] == pytest.approx([2.32, 3.18], abs=0.006)


def test_published_memories_lie_between_packed_and_separate():
    for name, printed in (("fq-bert-zcu102", 838), ("fq-bert-zcu102-16x8", 877)):
        found = hardware.accelerator(name).resources()
        assert found["bram18_packed"] <= printed <= found["bram18_separate"]


@laws
@given(units, shapes)
def test_zero_work_costs_nothing(design, sizes):
    none = machine(*design).inference(sizes, 0)
    assert (none.latency_ms, none.macs, none.weight_bytes) == (0, 0, 0)


@laws
@given(units, shapes, st.integers(1, 40), st.integers(1, 9), st.sampled_from(["inference", "layer"]))
def test_more_work_never_costs_less(design, sizes, tokens, more, constant_per):
    found = machine(*design, constant_per=constant_per)
    base = found.inference(sizes, tokens)
    wider = Shape(sizes.hidden, sizes.ffn + more, sizes.heads, sizes.layers)
    deeper = Shape(sizes.hidden, sizes.ffn, sizes.heads, sizes.layers + more)
    for other in (
        found.inference(sizes, tokens + more),
        *(found.inference(x, tokens) for x in (wider, deeper)),
    ):
        assert other.latency_ms >= base.latency_ms and other.macs > base.macs
    assert sum(base.ms.values()) == base.latency_ms
    wide = machine(*design, weight_bits=8).inference(sizes, tokens)
    assert wide.latency_ms >= base.latency_ms and wide.weight_bytes == 2 * base.weight_bytes


@laws
@given(units, st.integers(1, 9), st.sampled_from(["A", "B"]))
def test_more_units_never_take_less_and_more_pes_are_never_slower(design, more, bim):
    pus, n, m = design
    base = machine(pus, n, m, bim=bim)
    sizes = base.resources()
    for other in (machine(pus + more, n, m, bim=bim), machine(pus, n + more, m, bim=bim)):
        assert all(other.resources()[key] >= sizes[key] for key in sizes)
    assert machine(pus, n + more, m).inference().latency_ms <= base.inference().latency_ms


def test_the_range_is_told():
    acc = hardware.accelerator
    assert acc("fq-bert", n=16, m=12).outside() == ()
    assert acc("fq-bert", n=32, m=8, pus=6, clock=300).outside() == (
        "n = 32, seen 8..16", "pus = 6, seen 12", "clock = 300, seen 214"
    )  # fmt: skip
    assert acc("fq-bert-zcu111").inference("minilm", 64).outside == (
        "another shape than BERT base", "sequence = 64, seen 128"
    )  # fmt: skip
    assert acc("fq-bert-zcu111", clock=300).inference().watts is None
    assert acc("fq-bert-zcu102-16x8").inference().fps_per_watt is None


def test_a_constant_of_each_layer_is_less_for_a_shallower_model():
    once, each = (
        hardware.accelerator("fq-bert-zcu102", constant_per=how).inference("minilm").ms["constant"]
        for how in ("inference", "layer")
    )
    assert each == pytest.approx(once / 2)


def test_short_sentences_wait_for_weights():
    found = hardware.accelerator("fq-bert-zcu111")
    assert found.inference(sequence=128).ms["transfer"] == 0 < found.inference(sequence=32).ms["transfer"]


@pytest.mark.parametrize(
    ("name", "changes", "complaint"),
    [
        ("fq-bert", {}, "n must be a whole number of at least 1, got None"),
        ("fq-bert", {"n": 8}, "m must be a whole number of at least 1, got None"),
        ("fq-bert-zcu102", {"m": 7}, "m must be even and positive, got 7"),
        ("fq-bert-zcu102", {"pus": 0}, "pus must be a whole number of at least 1, got 0"),
        ("fq-bert-zcu102", {"bim": "C"}, "bim must be one of A, B; got 'C'"),
        ("fq-bert-zcu102", {"constant_per": "x"}, "constant_per must be one of inference, layer; got 'x'"),
        ("fq-bert-zcu102", {"weight_bits": 9}, r"weight_bits must be in 1\.\.8, got 9"),
        ("fq-bert-zcu102", {"clock": 0}, "clock must be positive, got 0"),
        ("fq-bert-zcu102", {"overlap": "all"}, "changes must be among .*; got 'overlap'"),
    ],
)
def test_wrong_designs_are_one_sentence(name, changes, complaint):
    with pytest.raises(ValueError, match=complaint):
        hardware.accelerator(name, **changes).inference()


def test_edgebert_grids_refuse_other_families():
    with pytest.raises(ValueError, match="explore: name must be one of edgebert-12nm; got 'fq-bert'"):
        hardware.explore("albert-base", [hardware.ExitStatistics.of("8", [8], [8])], name="fq-bert")


def test_published_processors():
    cpu, gpu = (hardware.processor(name) for name in ("i7-8700", "k80"))
    assert [p.seconds("bert-base")[0] for p in (cpu, gpu)] == pytest.approx([145.06e-3, 27.84e-3])
    assert 0.1 < cpu.share[0] < 0.5 and 0.1 < gpu.share[0] < 0.5


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (([128], [1]), r"left must be one row of whole numbers in -128..127, got shape \(1,\) of int64"),
        (([1.0], [1]), "left must be one row .* of float64"),
        (([1], [[1]]), r"right must be one row .* got shape \(1, 1\)"),
        (([1, 2], [1]), "left and right must be of one length, got 2 and 1"),
        (([1], [8], 4), r"right must be in -8..7 for 8 x 4 bits, got 8"),
        (([1], [8], 5), "bits must be 4 or 8 and kind one of A, B; got 5, 'A'"),
    ],
)
def test_wrong_rows_are_one_sentence(arguments, complaint):
    with pytest.raises(ValueError, match=f"bim: {complaint}"):
        hardware.bim(*arguments)
