"""Plans for networks on FPGAs: the paper's design, the optimum by an integer program, own networks."""

import json
import time

import numpy as np
import pytest

from siliconbert import hardware, schedule
from siliconbert.bench import highs
from siliconbert.hardware import FpgaModel
from siliconbert.schedule import allocate, network

PAPER = {"mm1": 64, "attention": 8, "mm2": 32, "add_norm": 4, "mm3": 32, "mm4": 256}
LM = "cbbp-wikitext2"


def test_the_papers_design():
    plan = allocate(LM, budget={}, fixed=PAPER, memory="none")
    assert plan.parallelism == PAPER
    assert plan.latency_ms == pytest.approx(10.35, rel=1e-3)
    assert plan.stage_ms["encoder 1"] == pytest.approx(3.446, rel=1e-3)
    assert plan.interval_ms == pytest.approx(3.456, rel=1e-3)
    assert plan.resources["dsp"] == pytest.approx(3368, rel=0.015)
    assert plan.rows_per_second == pytest.approx(3091.8, rel=1e-3)


@pytest.mark.parametrize("objective", schedule.OBJECTIVES)
@pytest.mark.parametrize("budget", [None, {"dsp": 3368}, {"dsp": 1500, "lut": 600_000}])
def test_exact_equals_an_integer_program_on_the_papers_network(budget, objective):
    plan = allocate(LM, budget=budget, objective=objective)
    problem = plan.solution.problem
    pytest.importorskip("highspy")
    best = highs.solve(problem.tables(), problem.calls(), problem.limits(), schedule.OBJECTIVES[objective])
    assert plan.solution.objective_ms == pytest.approx(best, rel=1e-6)
    assert plan.gap == 0


@pytest.mark.parametrize("objective", schedule.OBJECTIVES)
@pytest.mark.parametrize("memory", ["auto", "none"])
def test_exact_is_never_worse_than_a_greedy_policy(memory, objective):
    last = np.inf
    for dsp in (400, 800, 1600, 3200, 6400):
        plans = {p: allocate(LM, budget={"dsp": dsp}, policy=p, objective=objective, memory=memory)
                 for p in schedule.POLICIES}  # fmt: skip
        best = plans["exact"].solution.objective_ms
        assert all(p.solution.objective_ms >= best * (1 - 1e-9) for p in plans.values())
        assert best <= last
        last = best
        for plan in plans.values():
            assert plan.resources["dsp"] <= dsp
            assert plan.solution.bound_ms == pytest.approx(best)


def test_it_is_quick():
    def seconds(*arguments, **more):
        allocate(*arguments, **more)
        start = time.process_time()
        allocate(*arguments, **more)
        return time.process_time() - start

    assert seconds(LM) < 0.05
    assert seconds("bert-base", budget={"dsp": 30_000}, density=0.1) < 2


def test_sixty_independent_choices_within_a_thousandth():
    start = time.process_time()
    budget = {"dsp": 15_000, "ff": 4_500_000, "lut": 4_500_000}
    plan = allocate("bert-base", budget=budget, layout="independent", density=0.1, tolerance=1e-3)
    assert len(plan.parallelism) == 60
    assert plan.gap <= 1e-3 * (1 + 1e-6)
    assert time.process_time() - start < 10


def test_layouts():
    layers = network(LM)
    assert list(layers.stages) == ["encoder 1", "encoder 2", "decoder"]
    assert {o.name: o.units for o in layers.operators} == dict.fromkeys(PAPER, 2) | {"mm4": 1}
    reuse = network(LM, layout="reuse")
    assert reuse.stages["encoder"]["add_norm"] == 4 and reuse.operators[0].units == 1
    own = network(LM, layout="independent")
    assert own.order()[-1] == "mm4" and len(own.operators) == 11
    # The same hardware twice, freely chosen, is never slower than one choice for both.
    free, tied = (
        allocate(LM, budget={"dsp": 3000}, layout=x, memory="none") for x in ("independent", "layers")
    )
    assert free.latency_ms <= tied.latency_ms
    # One encoder unit leaves more for each operator.
    assert allocate(LM, layout="reuse").latency_ms <= allocate(LM).latency_ms


def test_sixteen_bits_take_less():
    plan, half = (
        allocate(LM, budget={}, fixed=PAPER, fpga=FpgaModel(arithmetic=a)) for a in ("fp32", "fixed16")
    )
    for resource, amount in plan.resources.items():
        assert half.resources[resource] < amount or amount == 0
    assert half.latency_ms < plan.latency_ms


def test_memory_prefers_what_the_device_has_more_of():
    assert allocate(LM, budget={"dsp": 3374}, fixed=PAPER).memory["mm4"] == "uram"
    assert set(allocate(LM, device="zcu102", budget={"dsp": 2000}).memory.values()) == {"bram18"}
    bram = allocate(LM, budget={"dsp": 3374}, fixed=PAPER, memory="bram18")
    assert bram.resources["bram18"] == 5760 and bram.exceeds["bram18"] == 5760 - 4320
    assert "beyond what u200 has: bram18 by 1440" in bram.explain()


def test_regions_hold_what_they_have():
    plan = allocate(LM, device="u200-platform", per_region=True)
    chip = hardware.device("u200-platform")
    used = [dict.fromkeys(region, 0.0) for region in chip.regions]
    for name, places in plan.regions.items():
        for place in places:
            for resource, amount in plan.unit_resources(name).items():
                used[place][resource] += amount
    for region, amounts in zip(chip.regions, used, strict=True):
        assert all(amounts[r] <= region[r] for r in region)
    assert plan.gap == 0 and plan.latency_ms >= allocate(LM, device="u200-platform").latency_ms


def test_reserved_amounts_are_taken_off():
    whole, less = (allocate(LM, reserve=r) for r in (None, "ddr"))
    assert less.solution.problem.budget["lut"] == whole.solution.problem.budget["lut"] - 33256
    assert less.latency_ms >= whole.latency_ms


def test_a_budget_that_nothing_fits_says_what_would_do():
    plan = allocate(LM, budget={"dsp": 100})
    assert not plan.feasible and np.isnan(plan.latency_ms)
    assert plan.reason == (
        "dsp is 209 short (309 at least, 100 in the budget); smallest budget that would do: dsp 309"
    )
    assert allocate(LM, budget={"dsp": 309}).feasible and not allocate(LM, budget={"dsp": 308}).feasible
    assert json.loads(json.dumps(plan.json()))["latency_ms"] is None
    assert "nothing fits" in plan.explain()


def test_explanations_name_what_binds():
    plan = allocate(LM, budget={"dsp": 3368}, memory="none", policy="greedy_freeze")
    assert plan.binding == "dsp"
    text = plan.explain()
    assert (
        "takes dsp 3318 of 3368 (98.5 %)" in text and "binding: dsp" in text and "gap to the optimum" in text
    )
    assert "this is the optimum" in allocate(LM).explain()


OWN = """
title = "two products"
rows = 8
[[operators]]
name = "a"
kind = "product"
inputs = 64
outputs = 64
density = 0.5
block = [8, 8]
parallelism = [1, 2, 64, 128]
[[operators]]
name = "b"
kind = "table"
parallelism = [1, 2]
latency_ms = [0.4, 0.1]
resources = { dsp = [1, 9], tiles = [2, 4] }
units = 2
after = ["a"]
[[stages]]
name = "only"
calls = { a = 1, b = 3 }
"""


def test_own_networks(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(OWN)
    plan = allocate(path, budget={"dsp": 100})
    assert plan.network.title == "two products" and plan.network.order() == ["a", "b"]
    # 8 block columns of 4 kept blocks: 8 rows x 8 x (4 x 32 + 4) slots with 2 lanes.
    assert allocate(path, budget={}, fixed={"a": 2}).operator_ms["a"] == pytest.approx(8 * 8 * 132 / 1e5)
    assert plan.parallelism == {"a": 2, "b": 2} and plan.resources["tiles"] == 8
    path.write_text(OWN.split("[[stages]]")[0])
    assert allocate(path).stage_ms == {"network": pytest.approx(sum(allocate(path).operator_ms.values()))}


@pytest.mark.parametrize(
    ("before", "after", "match"),
    [
        ('after = ["a"]', 'after = ["b"]', "operators must not wait for each other, got a cycle among b"),
        ('after = ["a"]', 'after = ["c"]', "b: after must name operators among a, b; got 'c'"),
        ("[1, 2, 64, 128]", "[1, 3]", "a: parallelism must divide 64 or be a multiple of it, got 3"),
        ("[1, 2, 64, 128]", "[2, 1]", "a: parallelism must be a rising list"),
        ("block = [8, 8]", "block = [128, 8]", "a: fpga.product: block must not be larger than the matrix"),
        ("density = 0.5", "density = 0.0", "a: fpga.product: density must be above 0"),
        ("density = 0.5", "sparsity = 0.5", "a: keys must be among .*; got 'sparsity'"),
        ("inputs = 64", "inputs = 'x'", "a: inputs must be a whole number, got 'x'"),
        ("inputs = 64\n", "", "a: inputs missing"),
        ("inputs = 64", "inputs = 64000000000000000000000", "a: inputs must be at most 16777216"),
        ('kind = "product"', 'kind = "conv"', "a: kind must be one of product, .*; got 'conv'"),
        ("rows = 8", "", "rows missing"),
        ("[0.4, 0.1]", "[0.4]", "b: latency_ms must be 2 numbers in 0..1e.12"),
        ("units = 2", "units = 0", "b: units must be in 1..1024, got 0"),
        ("b = 3", "c = 3", "only: calls must name operators among a, b; got 'c'"),
        ("b = 3", "b = -3", "only: calls must be numbers in 0..16777216, got -3"),
        ('name = "b"', 'name = "a"', "operators must have different names, got 'a' twice"),
        ("title", "title = ", "the file must be TOML"),
    ],
)
def test_own_networks_that_are_wrong(tmp_path, before, after, match):
    path = tmp_path / "mine.toml"
    path.write_text(OWN.replace(before, after))
    with pytest.raises(ValueError, match=match):
        allocate(path)


def test_a_models_folder(tmp_path):
    sizes = {"hidden_size": 64, "intermediate_size": 128, "num_attention_heads": 4, "num_hidden_layers": 3}
    (tmp_path / "config.json").write_text(json.dumps(sizes))
    found = network(tmp_path, rows=16, density=0.5)
    assert len(found.stages) == 3 and found.rows == 16
    (tmp_path / "config.json").write_text(
        json.dumps(sizes | {"architectures": ["LanguageModel"], "vocab_size": 500})
    )
    assert network(tmp_path).operators[-1].name == "mm4"
    (tmp_path / "config.json").write_text(json.dumps(sizes | {"hidden_size": "64"}))
    with pytest.raises(ValueError, match="hidden_size must be a whole number of at least 1, got '64'"):
        network(tmp_path)
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(ValueError, match="must be readable JSON"):
        network(tmp_path)


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: allocate("lstm"), "model must be one of cbbp-wikitext2, .*; got 'lstm'"),
        (lambda: allocate(LM, device="u300"), "name must be one of u200, .*; got 'u300'"),
        (lambda: allocate(LM, budget={"luts": 1}), "budget must name resources among dsp, .*; got 'luts'"),
        (
            lambda: allocate(LM, budget={"dsp": "all"}),
            "budget of dsp must be a number of at least 0, got 'all'",
        ),
        (
            lambda: allocate(LM, device="zcu102", budget={"uram": 5}),
            "budget names uram, device zcu102 has none",
        ),
        (lambda: allocate(LM, device="vc707", memory="uram"), "needs uram, device vc707 has none"),
        (lambda: allocate(LM, memory="dram"), "memory must be one of auto, .*; got 'dram'"),
        (lambda: allocate(LM, fixed={"mm9": 1}), "fixed must name operators among mm1, .*; got 'mm9'"),
        (
            lambda: allocate(LM, fixed={"mm1": 48}),
            "mm1: parallelism must divide 256 or be a multiple.*, got 48",
        ),
        (lambda: allocate(LM, fixed={"add_norm": 3}), "add_norm: parallelism must divide 800, got 3"),
        (lambda: allocate(LM, policy="best"), "policy must be one of greedy_stop, .*; got 'best'"),
        (lambda: allocate(LM, layout="ring"), "layout must be one of layers, .*; got 'ring'"),
        (lambda: allocate(LM, per_region=True), "device must be one whose regions are known, .*; got 'u200'"),
        (lambda: allocate(LM, reserve="usb"), "name must be one of ddr, ethernet, hbm; got 'usb'"),
        (lambda: network("bert-base", block=(4096, 16)), "block must not be larger than the matrix"),
        (
            lambda: network({"hidden": 10, "ffn": 4, "heads": 3, "layers": 1}),
            "hidden must be a multiple of heads",
        ),
    ],
)
def test_bad_input_is_named(call, match):
    with pytest.raises(ValueError, match=match):
        call()
