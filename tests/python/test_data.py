"""GLUE folders, the packaged reviews, and what is refused."""

import hashlib
import os
from pathlib import Path

import numpy as np
import pytest

from siliconbert import data
from siliconbert.data import glue, vader

SHARED = Path(os.environ.get("SILICONBERT_GLUE", "../shared/glue"))


def write_task(folder, task, rows, split="dev", header=True):
    """A GLUE file with every row's text columns set to one sentence; `rows` are label texts."""
    record = glue.TASKS[task]
    path = folder / record.folders[0] / f"{split}.tsv"
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = ["\t".join([*record.columns, record.label])] if header else []
    lines += ["\t".join([*(f"text {i}" for _ in record.columns), label]) for i, label in enumerate(rows)]
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.parametrize("task", [t for t in glue.TASKS if t not in ("cola", "stsb")])
def test_every_task_reads_its_official_columns_and_label_order(tmp_path, task):
    record = glue.TASKS[task]
    write_task(tmp_path, task, list(record.values.values()))
    got = data.load(task, folder=tmp_path)
    assert got.labels.dtype == np.int64
    assert got.labels.tolist() == list(range(len(record.values)))
    assert got.classes == tuple(record.values)
    assert isinstance(got.sentences[0], str if len(record.columns) == 1 else tuple)
    assert "official" in got.provenance and ("has seen" in got.provenance) == record.seen


def test_cola_has_no_header_and_stsb_has_scores(tmp_path):
    path = tmp_path / "CoLA" / "train.tsv"
    path.parent.mkdir()
    path.write_text("gj04\t0\t*\tThey sings .\ngj04\t1\t\tThey sing .\n")
    got = data.load("cola", "train", tmp_path)
    assert got.sentences == ["They sings .", "They sing ."] and got.labels.tolist() == [0, 1]
    write_task(tmp_path, "stsb", ["4.75"])
    assert data.load("stsb", folder=tmp_path).labels.tolist() == [4.75]


def test_custom_splits_say_so_and_the_official_folder_goes_first(tmp_path):
    custom = write_task(tmp_path, "qnli", ["entailment"]).parent
    custom.rename(tmp_path / "QNLI-split")
    assert "custom split" in data.load("qnli", folder=tmp_path).provenance
    write_task(tmp_path, "qnli", ["not_entailment"])
    assert data.load("qnli", folder=tmp_path).labels.tolist() == [1]


def test_the_environment_names_the_folder(tmp_path, monkeypatch):
    write_task(tmp_path, "sst2", ["1", "0"])
    monkeypatch.setenv("SILICONBERT_GLUE", str(tmp_path))
    assert data.load("sst2").labels.tolist() == [1, 0]


def test_bad_files_and_names_are_one_sentence(tmp_path):
    with pytest.raises(ValueError, match=r"task must be one of .*cola, .*vader-amazon.*; got 'sst3'"):
        data.load("sst3")
    with pytest.raises(ValueError, match="split of sst2 must be train or dev, got 'test'"):
        data.load("sst2", "test", tmp_path)
    with pytest.raises(ValueError, match="sst2 dev was not found in"):
        data.load("sst2", folder=tmp_path)
    write_task(tmp_path, "sst2", ["1", "2"])
    with pytest.raises(ValueError, match=r"SST-2/dev.tsv line 3: label must be one of 0, 1, got '2'"):
        data.load("sst2", folder=tmp_path)
    path = write_task(tmp_path, "sst2", ["1"])
    path.write_text("text\tlabel\na\t1\n")
    with pytest.raises(
        ValueError, match=r"SST-2/dev\.tsv must have the columns sentence, label; sentence is missing"
    ):
        data.load("sst2", folder=tmp_path)
    path.write_text("sentence\tlabel\na\t1\nb\n")
    with pytest.raises(ValueError, match="line 3 must have 2 columns or more, got 1"):
        data.load("sst2", folder=tmp_path)


def test_quick_is_fixed_and_evenly_spaced():
    whole = data.Data("t", "dev", [str(i) for i in range(872)], np.arange(872), ("a",), "made up")
    quick = whole.quick(400)
    assert len(quick) == 400 and quick.sentences[0] == "0"
    assert set(np.diff(quick.labels)) <= {2, 3}
    assert whole.quick(1000) is whole
    with pytest.raises(ValueError, match="count must be at least 1, got 0"):
        whole.quick(0)


def test_vader_refuses_an_archive_with_other_bytes(tmp_path, monkeypatch):
    monkeypatch.setenv("SILICONBERT_CACHE", str(tmp_path))
    (tmp_path / vader.ARCHIVE).write_bytes(b"no archive")
    with pytest.raises(
        ValueError, match=f"must have SHA-256 {vader.SHA256}, got {hashlib.sha256(b'no archive').hexdigest()}"
    ):
        data.load("vader-amazon")


def test_vader_key_ignores_spacing_and_marks():
    assert vader.key("It 's  good .") == vader.key("it's good!") != vader.key("its bad")


def test_vader_sentences_are_clear_and_unknown_to_sst2(vader_amazon):
    got = vader_amazon
    assert len(got) == 2963  # of 3,708 snippets
    assert got.labels.mean() == pytest.approx(0.5859, abs=1e-4)
    held = set(vader.OVERLAP.read_text().splitlines())
    assert not held & {vader.key(text) for text in got.sentences}


@pytest.mark.skipif(
    not (SHARED / "SST-2" / "dev.tsv").is_file(), reason="needs SST-2 in $SILICONBERT_GLUE or ../shared/glue"
)
def test_official_sst2_dev():
    got = data.load("sst2", folder=SHARED)
    assert len(got) == 872 and int(got.labels.sum()) == 444
