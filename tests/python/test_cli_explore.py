"""`siliconbert explore` and a user's own records: what they print; one sentence and code 2 where wrong."""

import json
import re

import numpy as np
import pyarrow.parquet as pq
import pytest

from siliconbert import catalog

MINE = '[mine]\nlike = "edgebert-12nm"\nsource = "me"\n'


@pytest.fixture
def run(run, monkeypatch):
    monkeypatch.setattr(catalog, "_ADDED", {})
    return run


@pytest.fixture
def authors(tmp_path):
    """A folder in the form of the authors' files: made-up entropies that fall with depth, and a table."""
    rng = np.random.default_rng(0)
    entropy = np.minimum(0.69, rng.uniform(0, 1, (50, 1)) * np.linspace(1, 0.05, 12))
    np.savetxt(tmp_path / "dataset_sst2_eval.txt", entropy, delimiter=",")
    keys = np.arange(100) / 100
    table = np.column_stack([keys, *(keys * share for share in np.linspace(0.9, 0.1, 10))])
    np.savetxt(tmp_path / "sst2_lookup_table_opt.csv", table, delimiter=",")
    return tmp_path


def test_all_points_are_written_and_the_front_is_shown(run, authors, tmp_path):
    path = tmp_path / "points.parquet"
    code, out, _ = run(
        *("explore", "--authors", authors, "--axis", "n=8,16", "--axis", "buffer_entries=64,4096"),
        *("--voltage", "planned", "--voltage", "0.7@0.2", "--voltage", "0.3", "--target", "20,100"),
        *("--threshold", "0.1,0.3", "--out", path, "--json"),
    )
    found, table = json.loads(out), pq.read_table(path).to_pylist()
    assert code == 0 and found["points"] == len(table) == 4 * 3 * 2 * 2
    assert found["feasible"] == sum(row["feasible"] for row in table)
    assert sum(found["reasons"].values()) == found["points"] - found["feasible"]
    assert any("must fit a buffer" in reason for reason in found["reasons"])
    assert any("more than 20 ms" in reason for reason in found["reasons"])
    assert found["front"] and all(row["accuracy"] is None for row in found["front"])
    code, out, _ = run("explore", "--authors", authors)
    assert code == 0 and "points that no other beats" in out and "by the rules of their code" in out


def test_own_accelerators_are_explored_and_listed(run, authors, tmp_path):
    own = tmp_path / "mine.toml"
    own.write_text(MINE + "leakage_power = 20\n")
    arguments = ("explore", "--authors", authors, "--own", own, "--json")
    ours, theirs = (
        json.loads(run(*arguments, "--accelerator", name)[1])["front"] for name in ("mine", "edgebert-12nm")
    )
    assert min(row["energy_j"] for row in ours) > min(row["energy_j"] for row in theirs)
    code, out, _ = run("list", "accelerators", "--own", own, "--sources")
    assert code == 0 and any(line.split()[:3] == ["mine", "leakage_power", "20"] for line in out.splitlines())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ("--accelerator", "edgebert"),
            r"name must be one of edgebert-12nm; got 'edgebert' \(did you mean edgebert-12nm\?\)",
        ),
        (("--axis", "buffers=1"), "changes must be among .*; got 'buffers'"),
        (("--axis", "n"), "--axis must be NAME=VALUE"),
        (("--axis", "n=7"), "n must be one of 4, 8, 16, 32; got 7"),
        (("--axis", "density=-1"), "density of qkv must be in 0..1"),
        (("--target", "0"), "target_ms must be positive, got 0"),
        (("--target", "soon"), "--target must be numbers"),
        (("--voltage", "low"), "--voltage must be planned, V or V@GHz"),
        (("--shape", "bert-small"), "name must be one of .*albert-base"),
        (("--shape", "minilm"), "exits must be of 6 layers, as minilm has; got 12 layers"),
    ],
)
def test_wrong_calls_are_one_sentence_with_code_2(run, authors, arguments, words):
    code, out, error = run("explore", "--authors", authors, *arguments)
    assert (code, out, error.count("\n")) == (2, "", 1)
    assert re.search(words, error), error


@pytest.mark.parametrize(
    ("kind", "text", "words"),
    [
        ("accelerators", MINE + "clock_power = -1\n", "mine.clock_power: must be a number in 0.."),
        ("accelerators", MINE + "nominal_frequency = 1e9\n", "nominal_frequency: must be a number in"),
        ("accelerators", '[mine]\nlike = "edgebert"\n', "mine.like: must be one of edgebert-12nm"),
        ("memories", '[m]\nlike = "srm"\nsource = "me"\n', "m.like: must be one of lpddr4"),
        ("memories", '[m]\nlike = "sram"\nsource = "me"\nread_energy = -1\n', "m.read_energy: must be"),
        ("cells", MINE, "--own must follow one of accelerators, memories"),
    ],
)
def test_wrong_records_are_one_sentence_with_code_2(run, tmp_path, kind, text, words):
    own = tmp_path / "mine.toml"
    own.write_text(text)
    code, out, error = run("list", kind, "--own", own)
    assert (code, out, error.count("\n")) == (2, "", 1)
    assert words in error


def test_targets_that_nothing_meets_are_points_with_a_reason(run, authors):
    code, out, _ = run("explore", "--authors", authors, "--target", "0.001", "--json")
    found = json.loads(out)
    assert code == 0 and found["feasible"] == 0 and found["front"] == []
    assert found["reasons"] == {"sentences may need more than 0.001 ms": found["points"]}
