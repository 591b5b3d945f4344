"""Counts, cycles and energies: worked by hand, against the twin, and the laws every accelerator obeys."""

from itertools import pairwise

import numpy as np
import pytest

from siliconbert import catalog, hardware

ACCELERATORS = hardware.names()
MODELS = sorted(catalog.records("models"))
TINY = {"hidden": 32, "ffn": 64, "heads": 2, "layers": 4}


def every(name, **options):
    """The accelerator at each of its sizes."""
    return [
        hardware.accelerator(name, n=n, **options)
        for n in catalog.records("accelerators")[name]["sizes"].value
    ]


@pytest.fixture
def edgebert():
    return hardware.accelerator("edgebert-12nm")


def test_albert_layer_worked_by_hand(edgebert):
    cost = edgebert.layer("albert-base", sequence=128)
    # Q, K, V: 3 * 128 * 768 * 768; scores and context: 12 * 128 * 128 * 64 each; output: 128 * 768 * 768;
    # FFN: 128 * 3072 * 768 each way.
    assert cost.macs_by_part == {
        "qkv": 226_492_416,
        "scores": 12_582_912,
        "context": 12_582_912,
        "output": 75_497_472,
        "ffn_up": 301_989_888,
        "ffn_down": 301_989_888,
    }
    assert cost.macs == 931_135_488  # times 2: the paper's 1.9 GFLOP an encoder
    # MACs / 256, and to drain: (4 * 128 * 768 + 12 * 128 * 128 + 12 * 128 * 64 + 128 * 3072 + 128 * 768) / 16
    assert cost.cycles["pu"] == 3_637_248 + 73_728
    # Softmax 12 * 128 * 3 * 73, normalisation 256 * 3 * 434, addition 256 * 289
    assert cost.cycles["sfu"] == 336_384 + 333_312 + 73_984
    assert cost.seconds == pytest.approx(4_454_656e-9)
    assert cost.joules == pytest.approx(4_454_656e-9 * 86e-3)  # the calibrated power over the time


def test_the_exit_classifier_worked_by_hand(edgebert):
    plain, ramp = edgebert.layer("albert-base"), edgebert.layer("albert-base", ramp=True)
    assert ramp.macs_by_part["ramp"] == 768 * 768 + 768 * 2
    # Pooler: 48 results of 48 tiles and a drain, 16 cycles each; classifier: one such result.
    assert ramp.cycles["pu"] - plain.cycles["pu"] == 49 * (48 + 1) * 16
    assert ramp.cycles["sfu"] - plain.cycles["sfu"] == 4 * 6


@pytest.mark.parametrize(("heads_off", "printed"), [(8, 1.22), (7, 1.18)])
def test_skipped_heads_save_what_the_paper_prints(edgebert, heads_off, printed):
    saving = edgebert.layer("albert-base").macs / edgebert.layer("albert-base", heads_off=heads_off).macs
    assert saving == pytest.approx(printed, abs=0.01)


def test_pruned_weights_keep_their_share_of_macs(edgebert):
    cost = edgebert.layer("albert-base", density=0.5)
    kept, every_mac = cost.kept_macs_by_part, cost.macs_by_part
    assert {part: kept[part] / every_mac[part] for part in kept} == {
        "qkv": 0.5, "scores": 1, "context": 1, "output": 0.5, "ffn_up": 0.5, "ffn_down": 0.5
    }  # fmt: skip
    assert cost.cycles == edgebert.layer("albert-base").cycles


@pytest.mark.parametrize("name", ACCELERATORS)
def test_no_tokens_cost_nothing(name):
    for accelerator in every(name, leakage_mw=10):
        cost = accelerator.layer(TINY, sequence=0)
        assert (cost.macs, cost.joules, cost.seconds) == (0, 0, 0)


@pytest.mark.parametrize("name", ACCELERATORS)
@pytest.mark.parametrize("model", MODELS)
def test_totals_are_sums_and_more_work_never_costs_less(name, model):
    for accelerator in every(name, leakage_mw=10):
        costs = [
            accelerator.layer(model, sequence, off) for sequence in (16, 17, 64, 128) for off in (2, 1, 0)
        ]
        for cost in costs:
            assert cost.macs == sum(cost.macs_by_part.values())
            assert cost.joules == pytest.approx(sum(cost.energy_pj.values()) * 1e-12)
            assert cost.seconds == pytest.approx(sum(cost.cycles.values()) * 1e-9)
        for few, many in zip(costs, costs[3:], strict=False):
            assert few.joules <= many.joules and few.seconds <= many.seconds
        for fewer, more in pairwise(costs):
            assert fewer.macs <= more.macs
        layers = hardware.shape(model).layers
        exits = np.arange(1, layers + 1)
        early, base = accelerator.early_exit(model, exits), accelerator.base(model)
        assert np.all(np.diff(early.energy) > 0) and np.all(np.diff(early.latency) > 0)
        assert early.energy[-2] < base.energy[0]
        for run in (early, base, accelerator.sentences(model, exits, exits)):
            np.testing.assert_allclose(run.energy, sum(run.by_part.values()))


def test_the_average_power_is_met_with_and_without_leakage():
    for leakage in (0, 20):
        run = hardware.accelerator("edgebert-12nm", leakage_mw=leakage).base("albert-base", sentences=3)
        # Of layers; the main classifier's cycles take a little less.
        np.testing.assert_allclose(run.energy / run.latency, 86e-3, rtol=1e-3)


def test_a_sentence_at_0_7_volt_worked_by_hand(edgebert):
    # A layer and its classifier: 4,493,096 cycles; planning 3 * 4 = 12. Elapsed: 4.493108 ms + 100 ns. Seven
    # layers in the other 45.506792 ms: 691.14 MHz. Alpha-power law: 663 MHz at 0.675 V, 735 at 0.7.
    # The paper's Fig. 7, which the curve has not seen: a predicted exit of 8 within 50 ms runs at 0.7 V.
    run = edgebert.sentences("albert-base", [8], [8], target_ms=50)
    assert run.voltage[0] == 0.7
    assert run.frequency[0] == pytest.approx(691.1424e6, rel=1e-6)
    assert run.latency[0] == pytest.approx(50e-3)
    # Dynamic energy as at nominal for layer 1, times (7/8)^2 after it; ADPLL: 2.46 pJ a cycle.
    parts = edgebert.layer("albert-base", ramp=True).energy_pj
    dynamic = sum(pj for part, pj in parts.items() if part not in ("leakage", "adpll")) * 1e-12
    choice = 12 * edgebert.calibration.cycle_pj * 1e-12
    assert run.by_part["dynamic"][0] == pytest.approx(dynamic * (1 + 7 * 0.765625) + choice)
    assert run.by_part["adpll"][0] == pytest.approx(2.46e-12 * (35_944_780 + 100))
    assert run.feasible[0] and run.reason == ""


def test_leaving_before_the_prediction_costs_the_layers_that_ran(edgebert):
    run = edgebert.sentences("albert-base", [3, 8, 1], [8, 8, 1], target_ms=50)
    assert run.voltage.tolist() == [0.7, 0.7, 0.8]
    assert run.energy[2] < run.energy[0] < run.energy[1]
    assert run.latency[0] < run.latency[1]
    np.testing.assert_allclose(run.energy[2], edgebert.layer("albert-base", ramp=True).joules)


@pytest.mark.parametrize("model", MODELS)
def test_a_later_target_never_costs_more_and_feasible_ends_in_time(edgebert, model):
    layers = hardware.shape(model).layers
    exits = np.arange(1, layers + 1)
    runs = [edgebert.sentences(model, exits, exits, target_ms=t) for t in (2, 10, 50, 75, 100)]
    for tight, loose in pairwise(runs):
        assert np.all(loose.by_part["dynamic"] <= tight.by_part["dynamic"])
    for target, run in zip((2, 10, 50, 75, 100), runs, strict=True):
        assert np.all(run.latency[run.feasible] <= target * 1e-3 * (1 + 1e-12))
        assert np.all(run.latency[~run.feasible] > target * 1e-3)
        assert set(run.voltage) <= set(edgebert.values["voltage_levels"])


def test_what_cannot_end_in_time_says_so(edgebert):
    run = edgebert.sentences("albert-base", [12, 4], [12, 4], target_ms=50)
    assert run.feasible.tolist() == [False, True]
    assert (run.voltage[0], run.frequency[0]) == (0.8, 1e9)
    assert run.reason == "1 of 2 sentences need more than 50 ms"
    assert not edgebert.base("albert-base", target_ms=50).feasible[0]
    assert edgebert.early_exit("albert-base", [3], target_ms=50).feasible[0]


def test_shapes_come_from_names_mappings_and_objects():
    class Model:
        shape = hardware.Shape(**TINY)

    assert hardware.shape("albert-base") == hardware.Shape(768, 3072, 12, 12)
    assert hardware.shape(TINY) == hardware.shape(Model()) == hardware.shape(hardware.Shape(**TINY))
    assert hardware.shape({**TINY, "classes": 3}).classes == 3


@pytest.mark.parametrize(
    ("call", "complaint"),
    [
        (
            lambda a: hardware.accelerator("x"),
            r"^hardware.accelerator: name must be one of edgebert-12nm, fq-bert.*; got 'x'",
        ),
        (
            lambda a: hardware.accelerator("edgebert-12nm", n=7),
            r"^hardware.accelerator: n must be one of 4, .*; got 7",
        ),
        (
            lambda a: hardware.accelerator("edgebert-12nm", leakage_mw=90).base(TINY),
            "^hardware: leakage must leave",
        ),
        (
            lambda a: hardware.accelerator("edgebert-12nm", sfu_overlap=2).layer(TINY),
            "^hardware: sfu_overlap must be",
        ),
        (
            lambda a: hardware.accelerator("edgebert-12nm", overlap="most"),
            "^hardware.accelerator: overlap must be one of none, transfers, all; got 'most'",
        ),
        (
            lambda a: hardware.accelerator("edgebert-12nm", traffic="x").layer(TINY),
            "^hardware.accelerator: traffic must be one of resident, .*; got 'x'",
        ),
        (
            lambda a: hardware.accelerator("edgebert-12nm", node_scaling="x").layer(TINY),
            "^hardware.accelerator: node_scaling must be one of interpolated, .*; got 'x'",
        ),
        (
            lambda a: a.layer({"hidden": 4096, "ffn": 16384, "heads": 32, "layers": 2}),
            "^hardware: qkv must be at most 4095 deep, got 4096",
        ),
        (
            lambda a: hardware.accelerator("edgebert-12nm", buffer_entries=8).layer(TINY),
            "^hardware: a tile of qkv must fit a buffer of 128 values, got 16 columns of 32 values",
        ),
        (lambda a: a.layer(TINY, rule="all"), "^hardware: rule must be one of paper, window; got 'all'"),
        (lambda a: a.layer(TINY, width=0), "^hardware: lanes and width must be positive, got 16 and 0"),
        (
            lambda a: a.layer(TINY, spans=[3]),
            r"^hardware: spans must be one set of 2 values .*, got shape \(1,\)",
        ),
        (lambda a: a.layer(TINY, density={"qkv": 1}), "^hardware: density must be given for qkv, output"),
        (lambda a: a.layer("gpt"), r"^hardware.shape: name must be one of albert-base, .*; got 'gpt'"),
        (lambda a: a.layer({"hidden": 8}), r"^hardware.shape: model must have .*, got no ffn"),
        (lambda a: a.layer({**TINY, "heads": 3}), "^hardware: heads must divide hidden, got 3 and 32"),
        (lambda a: a.layer(TINY, heads_off=3), r"^hardware: heads_off must be in 0..2, got 3"),
        (lambda a: a.layer(TINY, density=1.5), r"^hardware: density of qkv must be in 0..1, got 1.5"),
        (
            lambda a: a.layer(TINY, sequence=-1),
            "^hardware: sequence and heads_off must be at least 0, got -1 and 0",
        ),
        (lambda a: a.sentences(TINY, [1], [1], target_ms=0), "^sentences: target_ms must be positive, got 0"),
        (lambda a: a.sentences(TINY, [0], [1]), r"^sentences: layer must be in 1..4, got 0"),
        (
            lambda a: a.sentences(TINY, [2], [5]),
            r"^sentences: predicted must be in layer..4, got 5 for layer 2",
        ),
        (
            lambda a: a.sentences(TINY, [3], [2]),
            r"^sentences: predicted must be in layer..4, got 2 for layer 3",
        ),
        (
            lambda a: a.sentences(TINY, [3], [3, 3]),
            "^sentences: predicted must have one entry per layer, got 2 for 1",
        ),
        (lambda a: a.sentences(TINY, [3], [3], first=4), r"^sentences: first must be in 1..3, got 4"),
        (lambda a: a.early_exit(TINY, [1, 5]), r"^early_exit: layer must be in 1..4, got 1..5"),
        (lambda a: a.base(TINY, target_ms=-1), "^base: target_ms must be positive, got -1"),
    ],
)
def test_bad_arguments_are_named(edgebert, call, complaint):
    with pytest.raises(ValueError, match=complaint):
        call(edgebert)
