"""The benches of growth and of threads: what they check and write. No timings."""

import csv
from dataclasses import replace

import numpy as np
import pytest

from siliconbert.bench import growth, network, processor, threads
from siliconbert.cli import bench as cli
from siliconbert.models import Shape

TINY = Shape("albert", 90, 64, 2, 16, 32, 2, 64, 2, 1, 2, "gelu_new")


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(network, "SHAPE", TINY)
    for name, sizes in (("TRIALS", (1, 2)), ("FAULTS", (0, 10)), ("SENTENCES", (3, 4)), ("LENGTHS", (8, 40)),
                        ("LAYERS", (1, 2)), ("_COUNT", 4)):  # fmt: skip
        monkeypatch.setattr(growth, name, sizes)
    few = growth.data_set(100, None).quick(6)
    monkeypatch.setattr(growth, "data_set", lambda count, glue: few)


def test_growth_is_written_as_a_table_and_figures(small, tmp_path):
    found = growth.run(repeats=1, threads=1)
    files = cli._write(found, tmp_path / "new", "growth", "s")
    assert [path.name for path in files[:3]] == [
        f"growth_{processor.here().kind}.csv", "growth_trials.pdf", "growth_trials.png",
    ]  # fmt: skip
    assert len(files) == 1 + 2 * 5 and all(path.stat().st_size for path in files)
    lines = files[0].read_text(encoding="utf-8").splitlines()
    assert lines[0] == f"# processor: {processor.here()}"
    rows = list(csv.DictReader(line for line in lines if not line.startswith("#")))
    assert [row["what"] for row in rows][:4] == ["trials 1", "trials 2", "faults 0", "faults 10"]
    assert len(rows) == 10 and all(float(row["median"]) > 0 and row["unit"] == "s" for row in rows)


def test_two_sizes_are_left_however_few_are_asked_for(small):
    found = growth.run(repeats=1, threads=1, most=1)
    assert [timing.name for timing in found.timings][-2:] == ["layers 1", "layers 2"]
    assert len(found.timings) == 10


def test_an_answer_that_depends_on_what_runs_beside_it_is_found():
    axis = growth.Axis("sentences", (1, 2), lambda n: np.full(n, n), "seconds")
    with pytest.raises(RuntimeError, match="answers of 1 sentences must be those of 2"):
        growth._check(axis)
    growth._check(replace(axis, run=np.arange))


def test_two_threads_must_give_the_answer_of_one():
    timings = threads._timings(threads.Case("work", lambda threads: np.ones(2), 1.8), repeats=2)
    assert [timing.name for timing in timings] == ["work, 1 thread", "work, 2 threads"]
    assert timings[0].floor is None and timings[1].floor == 1.8 and timings[1].ratio > 0
    with pytest.raises(RuntimeError, match="work must be the same with one thread and with two"):
        threads._timings(threads.Case("work", np.arange, None), repeats=1)


@pytest.mark.long
def test_a_campaign_is_the_same_on_threads_processes_and_dask_workers(monkeypatch):
    pytest.importorskip("distributed", reason="the cluster needs dask")
    monkeypatch.setitem(threads.CAMPAIGN, "trials", 4)
    monkeypatch.setitem(threads.CAMPAIGN, "sentences", 10)
    found = threads._workers(repeats=1, glue=None)
    assert [timing.ratio is not None for timing in found] == [True] * 4
    assert [timing.floor for timing in found] == [None, None, None, threads.WORKERS_FLOOR]
