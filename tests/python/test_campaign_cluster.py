"""A campaign on a Dask scheduler: the same rows as here, also when a worker is killed or TLS is on."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from siliconbert.campaign import Tls, plan
from test_campaign_run import run, same
from tiny_model import write_tiny

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return write_tiny(tmp_path_factory.mktemp("tiny"))


class Dask:
    """A scheduler and two workers, each a process of its own, as on a cluster."""

    def __init__(self, folder, *options):
        folder.mkdir()
        self.file = folder / "scheduler.json"
        self.options = options
        self.scheduler = self.start(
            "scheduler", "--port", "0", "--no-dashboard", "--scheduler-file", self.file
        )
        while not self.file.is_file():
            time.sleep(0.05)
        self.workers = [self.worker() for _ in range(2)]

    def start(self, what, *options):
        line = [
            sys.executable,
            "-m",
            "distributed.cli.dask_" + what,
            *map(str, options),
            *map(str, self.options),
        ]
        return subprocess.Popen(line, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

    def worker(self):
        return self.start(
            "worker", "--scheduler-file", self.file, "--nthreads", "1", "--no-nanny", "--no-dashboard"
        )

    def address(self):
        return json.loads(self.file.read_text())["address"]

    def close(self):
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait()


@pytest.fixture
def dask(tmp_path):
    found = Dask(tmp_path / "dask")
    yield found
    found.close()


def test_a_killed_worker_costs_nothing_but_time(tiny, tmp_path, dask, monkeypatch):
    monkeypatch.setattr(plan, "WORK_SECONDS", 0.05)
    run(tiny, tmp_path / "here", trials=200)

    def kill():
        while len(list((tmp_path / "s").glob("parts/*"))) < 3:
            time.sleep(0.01)
        os.kill(dask.workers[0].pid, signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    rows = run(tiny, tmp_path / "s", {"scheduler": dask.address()}, trials=200)
    killer.join()
    assert dask.workers[0].wait() == -signal.SIGKILL and dask.workers[1].poll() is None
    assert {record["state"] for record in rows.summary()} == {"done"}
    assert same(tmp_path / "s").equals(same(tmp_path / "here"))


def test_a_scheduler_that_is_not_there_is_one_sentence(tiny, tmp_path, monkeypatch):
    monkeypatch.setattr("siliconbert.campaign.cluster._CONNECT_SECONDS", 1.0)
    with pytest.raises(RuntimeError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:9"):
        run(tiny, tmp_path / "s", {"scheduler": "tcp://127.0.0.1:9"})


def test_certificates(tiny, tmp_path):
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    openssl = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "1",
        "-subj",
        "/CN=localhost",
    ]
    try:
        subprocess.run([*openssl, "-out", str(cert), "-keyout", str(key)], check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("needs openssl to make certificates")
    tls = ("--tls-ca-file", cert, "--tls-cert", cert, "--tls-key", key)
    dask = Dask(tmp_path / "dask", "--protocol", "tls", *tls)
    try:
        assert dask.address().startswith("tls://")
        run(tiny, tmp_path / "here")
        run(tiny, tmp_path / "s", {"scheduler": dask.address(), "tls": Tls(cert, cert, key)})
        assert same(tmp_path / "s").equals(same(tmp_path / "here"))
    finally:
        dask.close()


def test_workers_with_other_sentences_are_refused(tiny, tmp_path, dask):
    other = write_tiny(tmp_path / "other")
    path = Path(other / "glue" / "SST-2" / "dev.tsv")
    path.write_text(path.read_text().replace("good", "bad", 1))
    with pytest.raises(RuntimeError, match="has another sentences"):
        swapped(tiny, other, tmp_path, dask)
    assert not (tmp_path / "s" / "parts").exists()


def swapped(tiny, other, tmp_path, dask):
    """Starts a campaign and changes the sentences before the workers read them."""
    from siliconbert.campaign import grid

    points = grid.points

    def late(*arguments):
        found = points(*arguments)
        (tiny / "glue" / "SST-2" / "dev.tsv").write_bytes((other / "glue" / "SST-2" / "dev.tsv").read_bytes())
        return found

    grid.points = late
    try:
        run(tiny, tmp_path / "s", {"scheduler": dask.address()})
    finally:
        grid.points = points
