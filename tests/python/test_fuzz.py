"""Every fuzz target for a moment, and the watcher on targets that fail in each way."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from tests.fuzz import mutate  # noqa: E402
from tests.fuzz import watch as watching  # noqa: E402
from tests.fuzz.target import Target  # noqa: E402

SECONDS = 8  # for all targets together


def run(*arguments):
    command = [sys.executable, "-m", "tests.fuzz", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def test_every_target_answers_every_input_with_a_result_or_one_sentence():
    done = run("--shared-minutes", str(SECONDS / 60), "--seed", "0")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count(" accepted") > 10


def failing(run, seeds=(b"ab",)):
    target = Target("made-up", lambda: list(seeds), run, mutate.binary)
    return watching.watch(target, seed=0, runs=200, seconds=None)


def other_error(data, scratch):
    if data != b"ab":
        raise KeyError("x")


def two_sentences(data, scratch):
    if data != b"ab":
        raise ValueError("a\nb")


def dies(data, scratch):
    if data != b"ab":
        os.abort()


def hangs(data, scratch):
    if data != b"ab":
        time.sleep(60)


def takes_memory(data, scratch):
    return bytes(4 << 30) if data != b"ab" else b""


@pytest.mark.parametrize(
    "bad, said",
    [
        (other_error, "KeyError: 'x'"),
        (two_sentences, "must be one sentence"),
        (dies, "died of SIGABRT"),
        (hangs, "no answer after"),
        (takes_memory, "MemoryError"),
    ],
)
def test_a_failure_is_seen_with_the_input_that_made_it(bad, said, monkeypatch):
    monkeypatch.setattr(watching, "HANGS_AFTER", 0.5)
    outcome = failing(bad)
    assert said in outcome.failure and outcome.runs == 2
    assert outcome.data != b"ab"


def test_a_seed_that_is_refused_is_a_failure():
    def refuses(data, scratch):
        raise ValueError("no")

    assert failing(refuses).failure == "a seed must be accepted"


def test_runs_repeat_and_errors_of_one_sentence_are_answers():
    def answers(data, scratch):
        if len(data) > 2:
            raise ValueError("longer than two")

    outcomes = [failing(answers, (b"ab", b"c")) for _ in range(2)]
    seen = [(o.runs, o.accepted, o.failure) for o in outcomes]
    assert seen[0] == seen[1] and seen[0][0] == 200 and 0 < seen[0][1] < 200 and not seen[0][2]


def test_the_command_line_replays_and_names_what_it_does_not_know(tmp_path):
    (tmp_path / "input").write_bytes(b"0.5,0.25,0.1\n")
    done = run("--target", "lut-csv", "--replay", str(tmp_path / "input"))
    assert done.returncode == 0 and "1 accepted" in done.stdout
    done = run("--target", "lut", "--runs", "1")
    assert done.returncode == 1 and "must be one of" in done.stderr
