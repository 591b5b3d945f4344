"""Campaigns from file to rows: the same rows whatever was killed, lost or shared meanwhile."""

import contextlib
import json
import os
import random
import re
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from siliconbert import campaign
from siliconbert.campaign import parts, plan
from siliconbert.campaign.config import parse
from siliconbert.campaign.run import Campaign
from siliconbert.campaign.store import Store
from tiny_model import write_tiny

# What a Python does before anything else when this is on its path: short works, and a chosen accident.
ACCIDENTS = """
    import os, signal
    from siliconbert.campaign import plan, trial
    from siliconbert.models import atomic
    plan.WORK_SECONDS = 0.02
    accident = os.environ.get("ACCIDENT", "")
    if accident.startswith("trial "):  # this trial ends every worker
        rows = trial.Ready.trial_rows
        def deadly(self, numbers, threads):
            if int(accident.split()[1]) in numbers:
                os._exit(9)
            return rows(self, numbers, threads)
        trial.Ready.trial_rows = deadly
    if accident.startswith("rename "):  # the power fails before this rename
        left = [int(accident.split()[1])]
        replace = os.replace
        def last(*names):
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return replace(*names)
        os.replace = last
"""


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    folder = write_tiny(tmp_path_factory.mktemp("tiny"))
    (folder / "site").mkdir()
    (folder / "site" / "sitecustomize.py").write_text(textwrap.dedent(ACCIDENTS))
    return folder


def settings(tiny, **changed):
    return {
        "models": [str(tiny / "model")],
        "tasks": ["sst2"],
        "formats": ["adaptivfloat8"],
        "cells": [{"values": "rram-mlc3", "*": "rram-slc"}, "rram-mlc2"],
        "faults": [{"kind": "bit_flip", "rate": 1e-2}],
        "trials": 12,
        **changed,
    }


def run(tiny, store, options=None, **changed):
    return Campaign(parse(settings(tiny, **changed))).run(store, glue=tiny / "glue", **(options or {}))


def command(tiny, store, *options, **changed):
    """The command line of a campaign; the settings are a file, since YAML contains JSON."""
    file = tiny / f"{store.name}.yaml"
    file.write_text(json.dumps(settings(tiny, **changed)))
    return [sys.executable, "-m", "siliconbert.cli", "run", str(file), "--store", str(store),
            "--glue", str(tiny / "glue"), *options]  # fmt: skip


def environment(tiny, accident=""):
    return {**os.environ, "PYTHONPATH": str(tiny / "site"), "ACCIDENT": accident}


def start(tiny, line, accident=""):
    # A shell's background job ignores Ctrl-C and hands that on; the command under test must not.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return subprocess.Popen(
            line, env=environment(tiny, accident), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
    finally:
        signal.signal(signal.SIGINT, before)


def finish(tiny, line, accident=""):
    process = start(tiny, line, accident)
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


def same(store):
    """All columns but time and host, of every row."""
    return Store(store).table().select(parts.SAME)


@pytest.fixture(scope="module")
def undisturbed(tiny):
    return run(tiny, tiny / "undisturbed", trials=40).table().select(parts.SAME)


def test_rows_and_summary(tiny, tmp_path):
    rows = run(tiny, tmp_path / "s", accelerators=[None, {"name": "edgebert-12nm", "target_ms": 50}],
               exits=[None, {"rule": "entropy", "threshold": 0.69}])  # fmt: skip
    table, summary = rows.table(), rows.summary()
    assert len(table) == 4 * 13 and len(summary) == 8
    assert {record["state"] for record in summary} == {"done"} and all(r["trials"] == 12 for r in summary)
    for record in summary:
        assert record["low"] <= record["accuracy"] <= record["high"] and record["minimum"] <= record["q50"]
        assert record["bytes"] > 0 and record["events"] > 0
        assert ("energy_mj" in record) == (record.get("accelerator") is not None)
    left, through = ([r for r in summary if r["exit"] != "-" and "latency_ms" in r],
                     [r for r in summary if r["exit"] == "-" and "latency_ms" in r])  # fmt: skip
    assert left[0]["layer"] < 4 and left[0]["energy_mj"] < through[0]["energy_mj"]


def test_a_shape_of_another_depth_has_no_cost_but_a_reason(tiny, tmp_path):
    other = [{"name": "edgebert-12nm", "shape": "albert-base", "target_ms": 50}]
    (record, *_) = run(tiny, tmp_path / "s", cells=["rram-mlc2"], accelerators=other).summary()
    assert record["cost_reason"] == "shape must have 4 layers, as the model; albert-base has 12"
    assert "energy_mj" not in record


def test_configurations_share_their_random_numbers(tiny, tmp_path):
    exits = [None, {"rule": "entropy", "threshold": 0.5}]
    table = run(tiny, tmp_path / "s", cells=["rram-mlc2"], exits=exits).table()
    found = {}
    for row in table.to_pylist():
        found.setdefault(row["config"], []).append(row["events"])
    one, other = found.values()
    assert one == other and len(set(one)) > 2


def test_a_second_run_does_nothing_and_says_the_same(tiny, tmp_path):
    first = run(tiny, tmp_path / "s")
    before = sorted((path.name, path.stat().st_mtime_ns) for path in (tmp_path / "s").rglob("*"))
    second = run(tiny, tmp_path / "s")
    assert before == sorted((path.name, path.stat().st_mtime_ns) for path in (tmp_path / "s").rglob("*"))
    assert second.summary() == first.summary()


def test_infeasible_configurations_are_rows_with_a_reason(tiny, tmp_path):
    rows = run(
        tiny,
        tmp_path / "s",
        formats=[None, "adaptivfloat8"],
        cells=["rram-mlc2", {"mask": "rram-slc"}],
        exits=[None, {"rule": "prediction", "threshold": 0.1}],
    )
    found = [(record["state"], record["trials"]) for record in rows.summary()]
    assert found.count(("done", 12)) == 1 and found.count(("infeasible", 0)) == 7
    reasons = [reason for reason in rows.table()["reason"].to_pylist() if reason]
    assert len(reasons) == 7 and all(reason.startswith("infeasible: ") for reason in reasons)
    assert any("plain float32" in reason for reason in reasons)
    assert any("look-up table" in reason for reason in reasons)


def test_trials_stop_at_the_same_trial_however_they_are_cut(tiny, tmp_path):
    asked = {"most": 600, "width": 0.2, "step": 7, "confidence": 0.9}
    one = run(tiny, tmp_path / "one", trials=asked, faults=["cell_misread"])
    two = run(tiny, tmp_path / "two", {"workers": 2}, trials=asked, faults=["cell_misread"])
    assert same(tmp_path / "one").equals(same(tmp_path / "two"))
    counts = [record["trials"] for record in one.summary()]
    assert all(count % 7 == 0 and 0 < count < 600 for count in counts), counts
    for record, other in zip(one.summary(), two.summary(), strict=True):
        assert record["state"] == "done" and {**record, "x": 0} == {**other, "x": 0}
    values = [r["correct"] / r["sentences"] for r in one.table().to_pylist() if r["trial"] >= 0]
    first = values[: counts[0]]
    trials = parse(settings(tiny, trials=asked)).trials
    assert plan.narrow(first, trials) and not plan.narrow(first[:-7], trials)


def test_kills_at_any_moment_leave_the_same_rows(tiny, tmp_path, undisturbed):
    line = command(tiny, tmp_path / "killed", "--threads", "1", trials=40)
    moments = random.Random(4)
    for _ in range(2):
        process = start(tiny, line)
        while not (tmp_path / "killed" / "parts").is_dir() and process.poll() is None:
            time.sleep(0.02)
        time.sleep(moments.uniform(0.0, 0.2))
        process.kill()
        process.communicate()
    code, _, err = finish(tiny, line)
    assert code == 0, err
    assert same(tmp_path / "killed").equals(undisturbed)
    assert not list((tmp_path / "killed").glob("damaged/*"))


@pytest.mark.parametrize("rename", [2, *(pytest.param(n, marks=pytest.mark.long) for n in (1, 3, 5, 9))])
def test_a_kill_between_writing_and_renaming_leaves_the_same_rows(tiny, tmp_path, undisturbed, rename):
    line = command(tiny, tmp_path / "killed", trials=40)
    assert finish(tiny, line, f"rename {rename}")[0] == -signal.SIGKILL
    orphans = [path for path in (tmp_path / "killed").rglob(".*") if path.is_file()]
    assert len(orphans) == 1, "what was written but not renamed"
    assert finish(tiny, line)[0] == 0
    assert same(tmp_path / "killed").equals(undisturbed)


def test_a_damaged_part_is_run_again(tiny, tmp_path):
    run(tiny, tmp_path / "s")
    before = same(tmp_path / "s")
    (part,) = (tmp_path / "s" / "parts").iterdir()
    part.write_bytes(part.read_bytes()[:-100])
    rows = run(tiny, tmp_path / "s")
    assert rows.damaged == (part.name,)
    assert (tmp_path / "s" / "damaged" / part.name).is_file()
    assert same(tmp_path / "s").equals(before)


def test_a_trial_that_ends_its_worker_is_recorded_and_can_be_tried_again(tiny, tmp_path, undisturbed):
    line = command(tiny, tmp_path / "s", "--workers", "2", trials=6, cells=["rram-mlc2"])
    code, _, err = finish(tiny, line, "trial 4")
    assert code == 1 and "some trials failed" in err
    failed = [row for row in Store(tmp_path / "s").table().to_pylist() if row["reason"]]
    assert [row["trial"] for row in failed] == [4] and "exit code 9" in failed[0]["reason"]
    assert finish(tiny, line)[0] == 1, "recorded: not tried for ever"
    assert finish(tiny, [*line, "--retry-failed"])[0] == 0
    trials = [row["trial"] for row in Store(tmp_path / "s").table().to_pylist() if row["reason"] is None]
    assert trials == [*range(-1, 6)]


@pytest.mark.long
def test_a_lost_worker_costs_nothing_but_time(tiny, tmp_path, undisturbed):
    process = start(tiny, command(tiny, tmp_path / "s", "--workers", "2", trials=40))
    lost = False
    while process.poll() is None and not lost:
        children = children_of(process)
        if (tmp_path / "s" / "parts").is_dir() and children:
            os.kill(children[0], signal.SIGKILL)
            lost = True
    _, err = process.communicate(timeout=120)
    assert process.returncode == 0 and lost, err
    assert same(tmp_path / "s").equals(undisturbed)


def test_workers_that_cannot_start_are_one_sentence(tiny, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(RuntimeError, match="workers die before they begin, the last one by exit code 1"):
        run(tiny, tmp_path / "s", {"workers": 2})


@pytest.mark.long
def test_workers_end_with_the_campaign(tiny, tmp_path):
    process = start(tiny, command(tiny, tmp_path / "s", "--workers", "2", trials=100_000))
    while not (tmp_path / "s" / "parts").is_dir():
        time.sleep(0.05)
    children = children_of(process)
    process.kill()
    process.communicate()
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and any(alive(pid) for pid in children):
        time.sleep(0.05)
    assert len(children) == 2 and not any(alive(pid) for pid in children)


def children_of(process):
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            if int(entry.read_text().rpartition(")")[2].split()[1]) == process.pid:
                found.append(int(entry.parent.name))
    return found


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.long
def test_two_writers_share_a_store(tiny, tmp_path, undisturbed):
    line = command(tiny, tmp_path / "s", "--threads", "1", trials=40)
    both = [start(tiny, line) for _ in range(2)]
    for process in both:
        _, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
    assert same(tmp_path / "s").equals(undisturbed)


@pytest.mark.parametrize(
    "options", [[], pytest.param(["--workers", "2"], marks=pytest.mark.long)], ids=["here", "workers"]
)
def test_an_interrupt_is_one_sentence_and_keeps_what_is_done(tiny, tmp_path, options):
    process = start(tiny, command(tiny, tmp_path / "s", *options, trials=100_000))
    while not list((tmp_path / "s").glob("parts/*.parquet")):
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130 and out == ""
    assert re.fullmatch(
        r"siliconbert: stopped\. All finished rows are in .*; the same command goes on\n", err
    ), err
    assert len(Store(tmp_path / "s").table()) > 0


def test_wrong_calls_are_one_sentence_before_any_work(tiny, tmp_path):
    file = tmp_path / "faults.yaml"
    file.write_text(json.dumps(settings(tiny)))
    loaded = campaign.load(file)
    for options, sentence in (
        ({"workers": 0}, "workers must be at least 1, got 0"),
        ({"workers": 1, "scheduler": "tcp://x:1"}, "workers or scheduler, not both"),
        ({"scheduler": "x:1"}, "scheduler must be tcp://HOST:PORT or tls://HOST:PORT, got 'x:1'"),
        ({"scheduler": "tls://x:1"}, "needs --tls-ca, --tls-cert and --tls-key"),
        ({"scheduler": "tcp://x:1", "tls": campaign.Tls("a", "b", "c")}, "takes no certificates"),
        ({"scheduler": "tls://x:1", "tls": campaign.Tls("a", "b", "c")}, "--tls-ca must be a file, got 'a'"),
        ({"tls": campaign.Tls("a", "b", "c")}, "with a tls:// scheduler only"),
        ({"glue": tmp_path}, "sst2 dev was not found"),
    ):
        with pytest.raises(ValueError, match=re.escape(sentence)):
            loaded.run(tmp_path / "s", **{"glue": tiny / "glue", **options})
    assert not (tmp_path / "s").exists()


def test_status_of_a_campaign_on_its_way(tiny, tmp_path, capsys):
    from siliconbert import cli

    run(tiny, tmp_path / "s", formats=["adaptivfloat8", None])
    for options, wanted in (([], "2 done, 2 infeasible"), (["--json"], '"trials": 24')):
        with pytest.raises(SystemExit) as left:
            cli.main(["status", str(tmp_path / "s"), *options])
        assert left.value.code == 0 and wanted in capsys.readouterr().out
    with pytest.raises(SystemExit) as left:
        cli.main(["status", str(tmp_path)])
    assert left.value.code == 2 and "is not a store" in capsys.readouterr().err


def test_cells_of_the_users_own(tiny, tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("name,level,mean,sigma\nmine,0,0.0,0.1\nmine,1,1.0,0.3\n")
    options = {"cells_file": str(path), "cells": ["mine"], "faults": ["cell_misread"], "trials": 4}
    line = command(tiny, tmp_path / "s", "--workers", "1", "--json", **options)
    code, out, err = finish(tiny, line)
    assert code == 0, err
    (record,) = json.loads(out)["configurations"]
    assert record["events"] > 0 and record["area_mm2"] is None and record["accuracy"] < 1
