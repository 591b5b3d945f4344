"""Recipes side by side: none before those it needs, what fails is told, what waits for it does not run."""

import sys
from dataclasses import replace

import pytest

from siliconbert.train import jobs, recipe, series

LINES = "phase: task\ndata: sst2\nlr: 1.0e-3\nepochs: 1\nseed: 1\nbudget_minutes: 1\n"


@pytest.fixture
def planned(tmp_path):
    folder = tmp_path / "recipes"
    folder.mkdir()
    for name, start, teacher in (
        ("a", "package", "package"),
        ("b", "package", "a"),
        ("c", "b", "a"),
        ("d", "package", "package"),
    ):
        (folder / f"{name}.yaml").write_text(f"name: {name}\nstart: {start}\nteacher: {teacher}\n{LINES}")
    return [series.planned(path, recipe.read(path), tmp_path) for path in sorted(folder.glob("*.yaml"))]


def scripted(monkeypatch, tmp_path, bad=()):
    """Processes that write down when they begin and end."""
    diary = tmp_path / "diary"

    def start(one, out, count, options):
        name = one.recipe.name
        (out / name).mkdir(exist_ok=True)
        (out / name / jobs.OUTPUT).write_text("went wrong\n" if name in bad else "")
        code = (
            f"import time\nopen({str(diary)!r}, 'a').write('+{name}')\ntime.sleep(0.3)\n"
            f"open({str(diary)!r}, 'a').write('-{name}')\nraise SystemExit({int(name in bad)})"
        )
        return jobs.subprocess.Popen([sys.executable, "-c", code])

    monkeypatch.setattr(jobs, "_start", start)
    monkeypatch.setattr(jobs, "LOOK_EVERY", 0.02)
    return diary


@pytest.mark.parametrize("count", [1, 2, 8])
def test_none_begins_before_those_it_needs_have_ended(planned, tmp_path, monkeypatch, count):
    diary = scripted(monkeypatch, tmp_path)
    jobs.side_by_side(planned, tmp_path, count, [], lambda line: None)
    events = [diary.read_text()[i : i + 2] for i in range(0, len(diary.read_text()), 2)]
    at = {event: i for i, event in enumerate(events)}
    assert len(events) == 8
    assert at["-a"] < at["+b"] and at["-b"] < at["+c"]
    most = max(sum(e[0] == "+" for e in events[:i]) - sum(e[0] == "-" for e in events[:i]) for i in range(9))
    assert most == min(count, 2)


def test_what_failed_and_what_waits_for_it_is_told(planned, tmp_path, monkeypatch):
    scripted(monkeypatch, tmp_path, bad="b")
    lines = []
    with pytest.raises(RuntimeError, match=r"train: b failed; not run: c; the same command goes on"):
        jobs.side_by_side(planned, tmp_path, 2, [], lines.append)
    assert "b: failed: went wrong" in lines and "d: done" in lines


def test_no_jobs_are_refused(planned, tmp_path):
    with pytest.raises(ValueError, match="jobs must be at least 1, got 0"):
        jobs.side_by_side(planned, tmp_path, 0, [], print)


def test_hours_are_those_of_the_longest_chain_or_of_the_fullest_job(planned):
    took = {"a": 30, "b": 60, "c": 30, "d": 90}
    some = [replace(p, recipe=replace(p.recipe, budget_minutes=took[p.recipe.name])) for p in planned]
    assert jobs.hours(some, 1) == 3.5  # the sum
    assert jobs.hours(some, 2) == jobs.hours(some, 8) == 2.0  # a, b, c; d beside them
    assert jobs.hours([], 2) == 0.0
    with pytest.raises(ValueError, match="jobs must be at least 1, got 0"):
        jobs.hours(some, 0)


def test_a_recipe_needs_its_start_its_teacher_and_the_panel(planned):
    assert series.needed(replace(planned[2].recipe, panel=("x",))) == {"b", "a", "x"}
