"""Campaigns of minutes, killed again and again, here and on Dask: the undisturbed one's rows, bit for bit.

Trials of the demonstration model with its word table in three-bit cells, on SST-2: for about six minutes at
this machine's pace, or $SILICONBERT_CAMPAIGN_TRIALS of each configuration.
"""

import json
import os
import random
import signal
import subprocess
import sys
import textwrap
import time

import pyarrow.compute as pc
import pytest

from needs import skipped_where
from siliconbert import data
from siliconbert.campaign.store import Store
from test_campaign_cluster import Dask
from test_campaign_run import ACCIDENTS, same

pytestmark = pytest.mark.long
SECONDS = 360.0
KILLS, FORCED = 5, 2


def line(folder, name, trials, *options):
    settings = {
        "models": ["edgebert-mini/sst2"],
        "tasks": ["sst2"],
        "cells": [{"values": "rram-mlc3", "*": "rram-slc"}],
        "exits": [None, {"rule": "prediction", "max_drop": 0.01}],
        "trials": trials,
    }
    file = folder / f"{name}.yaml"
    file.write_text(json.dumps(settings))
    store = str(folder / name)
    return [sys.executable, "-m", "siliconbert.cli", "run", str(file), "--store", store, *options]


def timed(command):
    start = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - start


def rows_in(store):
    return len(Store(store).table(["trial"]))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    with skipped_where("was not found"):
        data.load("sst2")
    return tmp_path_factory.mktemp("acceptance")


@pytest.fixture(scope="module")
def undisturbed(folder):
    """The rows, and how many trials of each configuration they are."""
    trials = int(os.environ.get("SILICONBERT_CAMPAIGN_TRIALS", "0")) or _trials(folder)
    seconds = timed(line(folder, "undisturbed", trials))
    print(f"undisturbed: 2 x {trials} trials in {seconds:.0f} s")
    return same(folder / "undisturbed"), trials


def _trials(folder):
    timed(line(folder, "pace", 20))
    usual = pc.mean(Store(folder / "pace").table(["seconds"])["seconds"]).as_py()
    return int(SECONDS / 2 / usual)


def test_five_kills_leave_the_same_rows(folder, undisturbed):
    """SIGKILL at moments spread over the campaign, one of them between writing and renaming."""
    rows, trials = undisturbed
    (folder / "site").mkdir()
    accidents = textwrap.dedent(ACCIDENTS).replace("plan.WORK_SECONDS = 0.02", "")
    (folder / "site" / "sitecustomize.py").write_text(accidents)
    command, moments = line(folder, "killed", trials), random.Random(1)
    done, start = [], time.monotonic()
    for kill in range(KILLS):
        accident = "rename 4" if kill == FORCED else ""
        environment = {**os.environ, "PYTHONPATH": str(folder / "site"), "ACCIDENT": accident}
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        if kill != FORCED:
            while rows_in(folder / "killed") < len(rows) * (kill + 1) / (KILLS + 1):
                assert process.poll() is None
                time.sleep(0.5)
            time.sleep(moments.uniform(0.0, 5.0))
            process.kill()
        assert process.wait() == -signal.SIGKILL
        done.append(rows_in(folder / "killed"))
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    print(f"rows after each kill: {done}, at the end {len(rows)}; {time.monotonic() - start:.0f} s in all")
    assert done == sorted(done) and done[-1] < len(rows)
    assert same(folder / "killed").equals(rows)


def test_a_cluster_that_loses_a_worker_gives_the_same_rows(folder, undisturbed):
    """Two Dask workers, each a process; one is killed when half of the rows are there."""
    rows, trials = undisturbed
    dask, start = Dask(folder / "dask"), time.monotonic()
    try:
        command = line(folder, "cluster", trials, "--scheduler", dask.address())
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        while rows_in(folder / "cluster") < len(rows) / 2:
            assert process.poll() is None
            time.sleep(1.0)
        dask.workers[0].kill()
        assert process.wait() == 0
        assert dask.workers[0].wait() == -signal.SIGKILL and dask.workers[1].poll() is None
    finally:
        dask.close()
    print(f"two Dask workers, one killed at half: {time.monotonic() - start:.0f} s")
    assert same(folder / "cluster").equals(rows)
