"""What all commands share: help, names that were meant, completion, --json, --quiet, --verbose, Ctrl-C."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import warnings

import pytest
import typer

from siliconbert import cli, text
from siliconbert.cli import command, console
from tiny_model import write_tiny


def leaves(command, path=()):
    """Every command with its words: ("data", "get"), ..."""
    below = getattr(command, "commands", {})
    return [found for name, each in below.items() for found in leaves(each, (*path, name))] or [path]


COMMANDS = leaves(typer.main.get_command(cli.app))
PRINT_TABLES = ("list", "evaluate", "status", "reproduce", "schedule", "explore", "run", "train", "bench")


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return write_tiny(tmp_path_factory.mktemp("tiny"))


@pytest.mark.parametrize("words", [(), ("data",), ("bench",), *COMMANDS], ids=" ".join)
def test_every_help_has_an_example_and_the_shared_options(words, run):
    code, out, err = run(*words, "--help")
    assert code == 0 and not err
    assert re.search(r"(Example|Start with): siliconbert", " ".join(out.split()))
    if words in COMMANDS:
        assert "--quiet" in out and "--verbose" in out
    if words and words[0] in PRINT_TABLES:
        assert "--json" in out


def test_without_a_command_the_help_is_shown(run):
    for words in ([], ["data"]):
        code, out, err = run(*words)
        assert code == 0 and not err and "Usage: siliconbert" in out
    assert all(path[0] in run()[1] for path in COMMANDS)


@pytest.mark.parametrize(
    ("call", "meant"),
    [
        ("lisst", "list"),
        ("data gte", "get"),
        ("bench trac", "trace"),
        ("list --jason", "--json"),
        ("evaluate x --treshold 1", "--threshold"),
        ("list cell", "cells"),
        ("reproduce edgebert/tabel_3", "edgebert/table_3"),
        ("reproduce edgebrt --all", "edgebert"),
        ("compress edgebert-mini/sst x", "edgebert-mini/sst2"),
        ("evaluate edgebert-mini/sst2 --data SST-2", "sst2"),
        ("compress edgebert-mini/sst2 x --format adaptivefloat8", "adaptivfloat8"),
        ("schedule cbbp-wikitext", "cbbp-wikitext2"),
        ("schedule cbbp-wikitext2 --device u20", "u200"),
        ("schedule cbbp-wikitext2 --policy greedy_frieze", "greedy_freeze"),
        ("schedule cbbp-wikitext2 --objective slowest_stag", "slowest_stage"),
        ("schedule cbbp-wikitext2 --layout layer", "layers"),
    ],
)
def test_what_was_meant_is_named_in_one_sentence_with_code_2(call, meant, run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, out, err = run(*call.split())
    assert (code, out, err.count("\n")) == (2, "", 1), err
    assert err.startswith("siliconbert: ") and f"(did you mean {meant}?)" in err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        ("reproduce", "give PAPER/TABLE, see `siliconbert list tables`; or --all"),
        ("reproduce --all --model x", "--model is for one table"),
        ("list cells extra", "see `siliconbert list --help`"),
        ("reproduce edgebert/table_3 --trials many", "see `siliconbert reproduce --help`"),
        ("reproduce edgebert/table_3 --trials 0", "see `siliconbert reproduce --help`"),
        ("run", "see `siliconbert run --help`"),
        ("list -q -v", "--quiet and --verbose exclude each other"),
        ("zzz", "got 'zzz'; see `siliconbert --help`"),
    ],
)
def test_wrong_calls_are_one_sentence_with_code_2(call, sentence, run):
    code, out, err = run(*call.split())
    assert (code, out, err.count("\n")) == (2, "", 1) and sentence in err


def test_names_without_a_likeness_are_not_guessed():
    assert text.suggestion("zzz", ["cells", "models"]) == ""
    assert command.sentence(ValueError("x: must be one of a, b; got 'zzz'")).endswith("got 'zzz'")
    assert command.sentence(ValueError("split of sst2 must be train or dev, got 'tran'")).endswith(
        "(did you mean train?)"
    )


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("siliconbert rep", {"report", "reproduce"}),
        ("siliconbert reproduce edgebert/table_", {f"edgebert/table_{n}" for n in (1, 2, 3, 4)}),
        ("siliconbert list acc", {"accelerators"}),
        ("siliconbert schedule x --device zcu1", {"zcu102", "zcu104", "zcu111"}),
        ("siliconbert evaluate x --data vad", {"vader-amazon"}),
        ("siliconbert evaluate x --thr", {"--threshold", "--threads"}),
    ],
)
def test_the_shell_completes_commands_options_and_names(words, wanted, run, monkeypatch):
    monkeypatch.setenv("_SILICONBERT_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", str(len(words.split()) - 1))
    code, out, _ = run()
    assert code == 0 and set(out.split()) == wanted


def test_completion_scripts_are_printed(run):
    for shell in ("bash", "zsh", "fish"):
        code, out, _ = run("--show-completion", shell)
        assert code == 0 and "_SILICONBERT_COMPLETE" in out


def test_quiet_and_verbose_differ_beside_the_result_only(run, tiny):
    call = ["evaluate", tiny / "model", "--data", "sst2", "--glue", tiny / "glue"]
    (code, plain, aside), quiet, verbose = run(*call), run(*call, "-q"), run(*call, "--verbose")
    assert code == quiet[0] == verbose[0] == 0
    assert plain == quiet[1] == verbose[1] and "\x1b" not in plain
    assert aside == quiet[2] == ""
    assert "60 of 60" in verbose[2] and re.search(r"\d s, at most \d+ MiB", verbose[2])
    assert run(*call)[2] == "", "loudness of one call must not stay for the next"


def test_remarks_of_the_library_are_dropped_when_quiet(capsys):
    for level, wanted in ((console.Loudness.QUIET, ""), (console.Loudness.NORMAL, "siliconbert: careful\n")):
        console.speak(level)
        with warnings.catch_warnings():
            warnings.simplefilter("default")
            with console.told():
                warnings.warn("careful", stacklevel=1)
        assert capsys.readouterr().err == wanted


def test_verbose_shows_where_a_failure_arose(run, monkeypatch):
    def fail(*arguments):
        raise RuntimeError("broken")

    monkeypatch.setattr("siliconbert.models.zoo_names", fail)
    code, _, err = run("list", "models")
    assert (code, err) == (1, "siliconbert: broken\n")
    code, _, err = run("list", "models", "-v")
    assert code == 1 and "Traceback" in err and err.endswith("siliconbert: broken\n")


def test_documents_shown_together_are_one_list(capsys):
    with console.together():
        console.show_json({"a": 1})
        console.show_json({"b": 2})
    assert json.loads(capsys.readouterr().out) == [{"a": 1}, {"b": 2}]


def interrupted(arguments, folder, until):
    """Starts the command in the folder, presses Ctrl-C when `until` holds; its code, output and errors."""
    # A shell's background job ignores Ctrl-C and hands that on; the command under test must not.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    started = subprocess.Popen(
        [sys.executable, "-m", "siliconbert.cli", *map(str, arguments)],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    signal.signal(signal.SIGINT, before)
    try:
        until(started)
        started.send_signal(signal.SIGINT)
        out, err = started.communicate(timeout=60)
    finally:
        with started:
            started.kill()
    # An interrupt that falls into an exec() of CPython ends the process by the signal in the end, although it
    # was handled; a shell calls both 130.
    code = 128 + signal.SIGINT if started.returncode == -signal.SIGINT else started.returncode
    return code, out, err


def test_ctrl_c_ends_in_one_line_and_leaves_nothing(tmp_path, tiny):
    call = ["reproduce", "edgebert/table_2", "--model", tiny / "model", "--glue", tiny / "glue"]

    def running(started):
        # With --verbose the first line comes when the trials run.
        assert started.stderr.readline()

    code, out, err = interrupted([*call, "--trials", 10**6, "--out", "rows", "-v"], tmp_path, running)
    assert code == 130 and out == ""
    assert err.splitlines()[-1] == (
        "siliconbert: stopped. Nothing was written; the same command starts again"
    )
    assert "Traceback" not in err and not (tmp_path / "rows").exists()


def test_ctrl_c_in_an_overview_says_what_is_done(tmp_path):
    def first_table(started):
        lines = iter(started.stdout.readline, "")
        assert any("cbbp/accuracy" in line for line in lines)

    code, _, err = interrupted(["reproduce", "cbbp", "--all", "--quick"], tmp_path, first_table)
    assert code == 130 and err.count("\n") == 1
    assert re.search(r"stopped\. \d of 7 tables are done", err)


def test_ctrl_c_in_a_campaign_names_the_store(tmp_path, tiny):
    (tmp_path / "faults.yaml").write_text(
        f"models: [{tiny / 'model'}]\ntasks: [sst2]\ncells: [rram-mlc3]\n"
        "trials: {width: 1.0e-9, most: 1000000}\n"
    )

    def rows(started):
        deadline = time.monotonic() + 30
        while not list(tmp_path.glob("store/**/*.parquet")) and time.monotonic() < deadline:
            time.sleep(0.05)

    call = ["run", "faults.yaml", "--store", "store", "--glue", tiny / "glue"]
    code, _, err = interrupted(call, tmp_path, rows)
    assert code == 130 and err.count("\n") == 1
    assert "All finished rows are in store; the same command goes on" in err


def test_a_reader_that_has_seen_enough_is_no_error():
    call = f"{sys.executable} -m siliconbert.cli list | head -1"
    done = subprocess.run(["bash", "-c", call], capture_output=True, text=True, check=False)
    assert done.returncode == 0 and done.stderr == ""
