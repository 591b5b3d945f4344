"""Counts, cycles and actions of the accelerator: by hand, and against the twin, which walks every tile."""

import numpy as np
import pytest

from siliconbert import hardware
from siliconbert.reference import hardware as twin

TINY = {"hidden": 32, "ffn": 64, "heads": 2, "layers": 4}
SIZES = (4, 8, 16, 32)


def random_masks(seed):
    """Of every weight matrix: half of its vectors of 16 inputs empty, half of the rest kept."""
    rng = np.random.default_rng(seed)
    shapes = {"qkv": (32, 32), "output": (32, 32), "ffn_up": (32, 64), "ffn_down": (64, 32)}
    masks = {}
    for part, (inputs, outputs) in shapes.items():
        blocks = np.repeat(rng.random((inputs // 16, outputs)) < 0.5, 16, axis=0)
        masks[part] = blocks & (rng.random((inputs, outputs)) < 0.5)
    return masks


def by_twin(n, sequence, reaches, ramp, window, masks):
    classes = 2 if ramp else 0
    listed = twin.products(sequence, 32, 2, reaches, 64, classes, window, masks)
    done = [twin.processing_unit(p, n) for p in listed]
    total = twin.Work(*(sum(column) for column in zip(*done, strict=True)))
    return total, twin.macs(listed), twin.sfu_passes(sequence, 32, len(reaches), classes, n)


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize(
    ("sequence", "spans", "ramp", "rule"),
    [
        (64, None, True, "paper"),
        (37, [0.0, 128.0], False, "paper"),
        (1, [0.0, 0.0], True, "paper"),
        (0, None, True, "paper"),
        (64, [3.0, 40.0], False, "paper"),
        (64, [3.0, 0.0], True, "window"),
        (64, [0.0, 0.0], False, "window"),
    ],
)
def test_cycles_and_actions_equal_the_twin(n, sequence, spans, ramp, rule):
    accelerator = hardware.accelerator("edgebert-12nm", n=n)
    cost = accelerator.layer(TINY, sequence, spans=spans, ramp=ramp, rule=rule)
    reaches = [sequence, sequence] if spans is None else [int(z) + 31 for z in spans if z > 0]
    work, macs, passes = by_twin(n, sequence, reaches, ramp, rule == "window", None)
    assert {part: count for part, count in cost.macs_by_part.items() if count} == {
        part: count for part, count in macs.items() if count
    }
    assert cost.cycles["pu"] == work.cycles
    assert cost.actions["macs"] == pytest.approx(work.macs, rel=1e-12)
    assert cost.actions["skipped_macs"] == pytest.approx(work.skipped_macs, rel=1e-12, abs=1e-6)
    assert cost.actions["decoded"] == work.decoded
    sfu = twin.sfu_cycles(passes, accelerator.values)
    assert cost.cycles["sfu"] == pytest.approx(sfu, rel=1e-12)
    assert cost.actions["sfu_operations"] == sum(rows * one.states * n for rows, one in passes.values())
    reads = sum(rows * one.reads * n for rows, one in passes.values())
    if sequence % n == 0:  # else whole tiles of a band hold filling, which the core spreads evenly
        wanted = work.operand_bytes + work.decoded / 8 + reads
        assert cost.actions["read_bytes"] == pytest.approx(wanted, rel=1e-12)


@pytest.mark.parametrize("n", SIZES)
def test_vectors_are_skipped_as_real_masks_have_them(n):
    masks = random_masks(n)
    # Weights lie as (outputs, inputs).
    density = {part: hardware.Density.of(mask.T, n) for part, mask in masks.items()}
    cost = hardware.accelerator("edgebert-12nm", n=n).layer(TINY, 64, density=density)
    work, _, passes = by_twin(n, 64, [64, 64], False, False, masks)
    assert cost.cycles["pu"] == work.cycles
    assert cost.actions["macs"] == pytest.approx(work.macs, rel=1e-12)
    assert cost.actions["skipped_macs"] == pytest.approx(work.skipped_macs, rel=1e-12)
    reads = sum(rows * one.reads * n for rows, one in passes.values())
    wanted = work.operand_bytes + work.decoded / 8 + reads
    assert cost.actions["read_bytes"] == pytest.approx(wanted, rel=1e-12)
    dense = hardware.accelerator("edgebert-12nm", n=n).layer(TINY, 64)
    assert cost.cycles == dense.cycles and cost.energy_pj["mac"] < dense.energy_pj["mac"]


def test_density_of_a_mask_whose_inputs_n_does_not_divide():
    mask = np.zeros((2, 6), bool)
    mask[0, 5] = mask[1, 0] = True
    assert hardware.Density.of(mask, 4) == hardware.Density(2 / 12, 2 / 4)


def test_the_accelerators_cycles_at_every_n_by_formula():
    # MACs / n^2 and results / n to drain; the SFU's states times intervals: facts of an ALBERT layer.
    results = 4 * 128 * 768 + 12 * 128 * 128 + 12 * 128 * 64 + 128 * 3072 + 128 * 768
    seconds = {}
    for n in SIZES:
        cost = hardware.accelerator("edgebert-12nm", n=n).layer("albert-base")
        assert cost.cycles["pu"] == 931_135_488 / n**2 + results / n
        softmax = 12 * 128 * 3 * (9 * 128 / n + 1)
        norm, add = 2 * 128 * 3 * (9 * 768 / n + 2), 2 * 128 * (6 * 768 / n + 1)
        assert cost.cycles["sfu"] == softmax + norm + add
        assert cost.cycles["transfer"] == 0
        seconds[n] = cost.seconds
    # "Roughly 3.5x" when n doubles.
    assert 3.3 < seconds[8] / seconds[16] < 3.8
    assert 3.3 < seconds[16] / seconds[32] < 3.8


def test_what_crosses_the_bus_worked_by_hand():
    once = hardware.accelerator("edgebert-12nm", traffic="weights", overlap="none").layer("albert-base")
    # 7.08 MB of weights and a mask bit each, 8 bytes a cycle.
    assert once.cycles["transfer"] == (4 * 768**2 + 2 * 768 * 3072) * 9 / 8 / 8
    half = hardware.accelerator("edgebert-12nm", traffic="weights", overlap="none").layer(
        "albert-base", density=0.5
    )
    assert half.cycles["transfer"] == pytest.approx(once.cycles["transfer"] * 5 / 9)
    tiles = hardware.accelerator("edgebert-12nm", traffic="tiles", overlap="transfers")
    assert tiles.layer("albert-base").tiles["qkv"] == (64, 80)
    assert tiles.layer("albert-base").tiles["ffn_down"] == (16, 16)
    # Tiles of the scores: 128 x 128 at once, two operands of 128 x 64 and the result, with masks.
    tiny = {"hidden": 64, "ffn": 64, "heads": 1, "layers": 1}
    product = (64 * 128 + 64 * 64 + 128 * 64) * 9 / 8
    # Q, K, V, output, up and down have the same shape; context too, with the sides swapped.
    scores = (2 * 64 * 128 + 128 * 128) * 9 / 8
    context = (128 * 128 + 2 * 128 * 64) * 9 / 8
    assert tiles.layer(tiny).actions["bus_bytes"] == 6 * product + scores + context
    hidden = tiles.layer("albert-base")
    assert hidden.busy["transfer"] == hidden.actions["bus_bytes"] / 8 and hidden.cycles["transfer"] == 0


@pytest.mark.parametrize("overlap", ["none", "transfers", "all"])
def test_named_overlaps_hide_no_more_than_the_others_work(overlap):
    for n in SIZES:
        cost = hardware.accelerator("edgebert-12nm", n=n, overlap=overlap, traffic="tiles").layer(TINY)
        total, busy = sum(cost.cycles.values()), cost.busy
        wanted = {
            "none": sum(busy.values()),
            "transfers": max(busy["pu"] + busy["sfu"], busy["transfer"]),
            "all": max(busy.values()),
        }
        assert total == pytest.approx(wanted[overlap])


def test_a_sentence_counted_by_hand():
    whole, early = hardware.count(TINY, sequence=8), hardware.count(TINY, exit_layer=2, sequence=8)
    # Q, K, V, output: 4 * 8 * 32 * 32; scores and context: 2 heads * 2 * 8 * 8 * 16; FFN: 2 * 8 * 32 * 64.
    layer, ramp = 4 * 8 * 32 * 32 + 2 * 2 * 8 * 8 * 16 + 2 * 8 * 32 * 64, 32 * 32 + 2 * 32
    assert (whole.macs, early.macs) == (4 * layer + ramp, 2 * (layer + ramp))
    weights = 4 * 32 * 32 + 2 * 32 * 64
    assert whole.weight_bytes == 4 * weights + ramp and whole.mask_bytes == (4 * weights + ramp) / 8
    assert (whole.entropies, early.entropies, early.embedding_rows) == (1, 2, 8)
    assert (whole.softmax_rows, whole.layer_norm_rows, whole.add_rows) == (4 * 2 * 8, 4 * 16, 4 * 16)
    half = hardware.count(TINY, sequence=8, density=0.5, width=4)
    assert half.weight_bytes == (4 * weights / 2 + ramp) / 2 and half.macs == whole.macs
    with pytest.raises(ValueError, match=r"^hardware.count: exit_layer must be in 1..4, got 5"):
        hardware.count(TINY, exit_layer=5)


@pytest.mark.parametrize(
    ("rule", "heads_off", "macs"),
    [
        # ALBERT base: an output slice is 128 * 64 * 768 MACs.
        ("paper", 8, 763_363_328),
        ("window", 8, 763_363_328 - 8 * 128 * 64 * 768),
    ],
)
def test_both_counting_rules_of_heads_off(rule, heads_off, macs):
    assert (
        hardware.accelerator("edgebert-12nm").layer("albert-base", heads_off=heads_off, rule=rule).macs
        == macs
    )


def test_a_partial_span_saves_only_by_the_window_rule():
    edgebert = hardware.accelerator("edgebert-12nm")
    spans = [0.5] + [0.0] * 11  # distances 0 to 32 of 128 tokens: 128 * 65 - 32 * 33 pairs
    paper, window = (edgebert.layer("albert-base", spans=spans, rule=rule) for rule in ("paper", "window"))
    assert paper.macs_by_part["scores"] == 128 * 128 * 64
    assert window.macs_by_part["scores"] == window.macs_by_part["context"] == (128 * 65 - 32 * 33) * 64
    # By the paper's rule the zeros still skip multipliers, not cycles.
    one_head = edgebert.layer("albert-base", heads_off=11)
    assert paper.cycles == one_head.cycles and paper.energy_pj["mac"] < one_head.energy_pj["mac"]


def test_a_sentence_by_part():
    edgebert = hardware.accelerator("edgebert-12nm", leakage_mw=5)
    whole, early = edgebert.parts("albert-base"), edgebert.parts("albert-base", exit_layer=3)
    rest = {"reram", "dram"}
    assert {*whole} - rest == {*edgebert.layer("albert-base").energy_pj}
    for parts, run in (
        (whole, edgebert.base("albert-base")),
        (early, edgebert.early_exit("albert-base", [3])),
    ):
        assert sum(j for part, j in parts.items() if part not in rest) == pytest.approx(run.energy[0])
    # 128 rows: 2 words of 64 bits of the mask from SLC, 7 of the values from MLC2.
    slc, mlc2 = hardware.memory("rram-slc").read_pj, hardware.memory("rram-mlc2").read_pj
    assert whole["reram"] == pytest.approx(128 * (2 * slc + 7 * mlc2) * 1e-12)
    fetched = edgebert.parts("albert-base", embeddings="dram")
    assert fetched["dram"] > 10 * whole["reram"] and fetched["reram"] == 0
    for call, complaint in (
        ({"embeddings": "flash"}, r"^parts: embeddings must be reram or dram, got 'flash'"),
        ({"exit_layer": 0}, r"^parts: exit_layer must be in 1..12, got 0"),
    ):
        with pytest.raises(ValueError, match=complaint):
            edgebert.parts("albert-base", **call)
