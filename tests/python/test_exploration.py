"""Design-space exploration: points equal their sentences, fronts equal a brute force, reasons are kept."""

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siliconbert import hardware
from siliconbert._core import hardware as core
from siliconbert.bench import dse
from siliconbert.hardware import ExitStatistics, explore
from siliconbert.hardware.grid import split

laws = settings(max_examples=20, deadline=None, derandomize=True)
RNG_SENTENCES = 40


def random_exits(rng, layers=12, first=1, count=RNG_SENTENCES):
    predicted = rng.integers(1, layers + 1, count)
    layer = np.maximum(1, predicted - rng.integers(0, 4, count))
    return layer, np.where(layer <= first, layer, predicted)


def relative(ours, theirs):
    return abs(ours / theirs - 1)


@laws
@given(
    st.integers(0, 99),
    st.integers(1, 3),
    st.sampled_from([4, 16, 32]),
    st.floats(10, 400),
    st.sampled_from([{}, {"density": 0.5, "width": 4}, {"heads_off": 8, "leakage_mw": 20.0}]),
    st.sampled_from(["ideal", "linear"]),
    st.sampled_from(["albert-base", {"hidden": 24, "ffn": 40, "heads": 2, "layers": 14}]),
)
def test_a_point_is_the_mean_of_its_sentences(seed, first, n, target, changes, regulator, model):
    layers = hardware.shape(model).layers
    if "heads_off" in changes and layers != 12:
        changes = {"heads_off": 1}
    layer, predicted = random_exits(np.random.default_rng(seed), layers, first)
    axes = {"n": n, "regulator": regulator, **changes}
    grid = explore(
        model,
        [ExitStatistics.of("x", layer, predicted, layers)],
        [target],
        [None, 0.8],
        first=first,
        **{key: [value] for key, value in axes.items()},
    )
    changes, work = split(axes)
    machine = hardware.accelerator("edgebert-12nm", **changes)
    runs = (
        machine.sentences(model, layer, predicted, target, first, **work),
        machine.early_exit(model, layer, target, **work),
    )
    for option, run in enumerate(runs):
        at = (0, option, 0, 0)
        assert relative(grid.energy[at], run.energy.mean()) < 1e-9
        assert relative(grid.latency[at], run.latency.mean()) < 1e-9
        assert grid.late[at] == pytest.approx(1 - run.feasible.mean(), abs=1e-12)
    assert grid.area.item() == pytest.approx(sum(machine.area().values()))


def beaten(rows):
    """By definition: every row against every other."""
    le, lt = (rows[:, None] <= rows).all(axis=2), (rows[:, None] < rows).any(axis=2)
    return (le & lt).any(axis=0)


@laws
@given(st.integers(0, 99), st.integers(1, 120), st.integers(1, 5), st.integers(1, 6))
def test_the_front_is_what_no_row_beats(seed, count, columns, values):
    rows = np.random.default_rng(seed).integers(0, values + 1, (count, columns)).astype(float)
    np.testing.assert_array_equal(core.front(rows).astype(bool), ~beaten(rows))


def test_the_front_of_a_grid_equals_a_brute_force():
    rng = np.random.default_rng(3)
    used = [
        ExitStatistics.of(str(i), *random_exits(rng), accuracy=float(rng.uniform(0.8, 0.9))) for i in range(9)
    ]
    grid = explore(
        "albert-base",
        used,
        [40.0, 60.0, 100.0],
        [None, 0.7],
        n=[8, 16, 32],
        buffer_entries=[2048, 4096],
        allowed_late=0.2,
    )
    full = [
        np.broadcast_to(x, grid.energy.shape).ravel()
        for x in (-grid.accuracy, grid.energy, grid.latency, grid.area)
    ]
    at = np.flatnonzero(grid.feasible)
    expected = at[~beaten(np.column_stack(full)[at])]
    assert grid.front().tolist() == expected.tolist()
    assert 0 < len(expected) < len(at) < len(grid)


def test_infeasible_points_are_kept_with_the_reason(tmp_path):
    used = [ExitStatistics.of("late", [12], [12], accuracy=0.9)]
    grid = explore(
        "albert-base", used, [20.0, 200.0], [None, 0.5, 0.3, (0.6, 2.0)], n=[16], buffer_entries=[64, 4096]
    )
    path = tmp_path / "grid.parquet"
    grid.to_parquet(path)
    table = pq.read_table(path).to_pylist()
    assert len(table) == len(grid) == 16
    assert all(row["feasible"] == (row["reason"] == "") for row in table)
    by = {(r["buffer_entries"], r["voltage"], r["target_ms"]): r["reason"] for r in table}
    assert "must fit a buffer" in by[64, "planned", 20.0]
    assert by[4096, "planned", 200.0] == "" and "more than 20 ms" in by[4096, "planned", 20.0]
    assert "regulator gives" in by[4096, "0.3 V", 200.0] and "allows up to" in by[4096, "0.6 V, 2 GHz", 200.0]
    assert [path.name for path in tmp_path.iterdir()] == ["grid.parquet"]


def test_a_better_accuracy_can_depend_on_the_design():
    used = [ExitStatistics.of("8", [8], [8])]
    grid = explore(
        "albert-base", used, [100.0], density=[0.5, 1.0], accuracy=lambda design, _: design["density"] / 2
    )
    assert grid.accuracy.ravel().tolist() == [0.25, 0.5]
    assert grid.front().tolist() == [0, 1]


@laws
@given(st.integers(0, 99))
def test_more_work_later_exits_and_shorter_targets_never_cost_less(seed):
    layer, predicted = random_exits(np.random.default_rng(seed))
    later = np.minimum(12, layer + 1), np.minimum(12, predicted + 1)
    used = [ExitStatistics.of("x", layer, predicted), ExitStatistics.of("later", *later)]
    grid = explore("albert-base", used, [50.0, 80.0, 200.0], density=[0.3, 1.0], rail_capacitance=[0.0])
    energy, slack = grid.energy[:, 0], 1 + 1e-12
    assert (energy[0] <= energy[1] * slack).all()
    assert (energy[..., 0] <= energy[..., 1] * slack).all()
    assert (energy[:, 2] <= energy[:, 1] * slack).all()
    assert (grid.late[:, 0, 2] <= grid.late[:, 0, 0]).all()


@pytest.mark.parametrize(
    "change, words",
    [
        ({"target_ms": [0.0]}, "target_ms must be positive"),
        ({"density": []}, "density must have at least one"),
        ({"buffer": [1]}, "changes must be among"),
        ({"density": [2.0]}, "density of qkv must be in 0..1"),
        ({"first": 12}, "first must be in 1..11"),
        ({"statistics": [ExitStatistics.of("x", [1], [1], layers=6)]}, r"must have shape \(12, 12\)"),
        ({"statistics": [ExitStatistics("x", np.zeros((12, 12)))]}, "at least one sentence"),
        ({"statistics": [ExitStatistics("x", np.tri(12))]}, "before the exit"),
    ],
)
def test_bad_grids_are_refused(change, words):
    arguments = {"statistics": [ExitStatistics.of("x", [1], [1])], **change}
    with pytest.raises(ValueError, match=words):
        explore("albert-base", **arguments)


def test_sentences_beyond_their_prediction_are_refused():
    with pytest.raises(ValueError, match="1 <= layer <= predicted <= 12"):
        ExitStatistics.of("x", [3], [2])


def test_points_do_not_depend_on_the_thread_count():
    used = dse.statistics(200)
    one, two = (explore("albert-base", used, [40.0, 60.0], n=[8, 16], threads=t) for t in (1, 2))
    np.testing.assert_array_equal(one.energy, two.energy)


def test_the_bench_checks_points_before_it_times_them(monkeypatch):
    small = dse.Grid({"n": [8, 16]}, [None, 0.7], 3, 8)
    monkeypatch.setattr(
        dse, "grids", lambda histograms: (small, dse.Grid({"n": [8]}, [None], 40, histograms)) * 2
    )
    result = dse.run(histograms=8, repeats=1)
    assert "equal the mean of their sentences" in result.footer[0]
    grid = dse.explore(dse.Grid({"n": [8]}, [None], 1, 8), dse.statistics(8))
    with pytest.raises(RuntimeError, match="must equal their sentences"):
        dse.check(grid, dse.statistics(8, seed=5))


def test_the_bench_grids_run_as_they_say():
    """A V and GHz beyond the curve would be a cheap point without a cost."""
    pairs = [pair for grid in dse.grids(1) for pair in grid.voltages if pair is not None]
    grid = explore("albert-base", dse.statistics(1), [50.0], pairs)
    assert np.isfinite(grid.energy).all()


def test_targets_in_any_order_and_between_two_of_one_choice_of_voltages():
    used, targets = dse.statistics(3), np.concatenate([np.linspace(200.0, 20.0, 400), [50.0, 50.0]])
    together = explore("albert-base", used, targets, [None, 0.7])
    for at in (0, 17, 200, 390, 400, 401):
        alone = explore("albert-base", used, [targets[at]], [None, 0.7])
        np.testing.assert_allclose(together.energy[:, :, at], alone.energy[:, :, 0], rtol=1e-12)
        np.testing.assert_allclose(together.latency[:, :, at], alone.latency[:, :, 0], rtol=1e-12)
        np.testing.assert_array_equal(together.late[:, :, at], alone.late[:, :, 0])
