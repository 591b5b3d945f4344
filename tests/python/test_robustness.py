"""Sets of attacks: their files read right, nothing of the training split in them, never trained on."""

import json
from pathlib import Path

import numpy as np
import pytest

from siliconbert import data
from siliconbert.campaign import robustness
from siliconbert.campaign.setup import Call
from siliconbert.models import Model, write_index
from small_models import random_tensors
from test_evaluate import SHAPE
from tiny_model import WORDS, tokenizer

SHARED = Path("../shared/robustness")


@pytest.fixture
def folder(tmp_path):
    """A folder `robustness` with one file of each kind, beside `glue` with SST-2."""
    place = tmp_path / "robustness"
    place.mkdir()
    rng = np.random.default_rng(1)
    sst2 = [
        {"sentence": " ".join(rng.choice(WORDS, 6)), "label": int(i % 2), "method": "x"} for i in range(20)
    ]
    sst2[3] |= {"original_sentence": "good film."}
    mnli = [{"premise": "Good film", "hypothesis": "Bad", "original_premise": "Film", "label": 2}]
    (place / "advglue_dev.json").write_text(json.dumps({"sst2": sst2, "mnli-mm": mnli}))
    (place / "textfooler_mnli_matched_1k.tsv").write_text("neutral\tGood film\tBad film\n")
    paws = "id\tsentence1\tsentence2\tlabel\n1\tb'It \\'s good'\tb\"Good it 's\"\t0\n2\tb'a'\tb'b'\t1\n"
    (place / "paws_qqp_dev_and_test.tsv").write_text(paws)
    (tmp_path / "glue" / "SST-2").mkdir(parents=True)
    lines = [f"{' '.join(rng.choice(WORDS, 5))}\t{i % 2}" for i in range(60)]
    for split, first in (("train", "Good, film\t1"), ("dev", "slow plot\t0")):
        text = "\n".join(["sentence\tlabel", first, *lines[:: 2 if split == "dev" else -2]])
        (tmp_path / "glue" / "SST-2" / f"{split}.tsv").write_text(text)
    return tmp_path


def test_every_file_gives_sentences_classes_and_what_they_were(folder):
    glue = folder / "glue"
    found, before = data.attacked("advglue-mnli-mismatched", glue)
    assert found.sentences == [("Good film", "Bad")] and before == [("Film", "Bad")]
    assert found.labels.tolist() == [2] and found.classes == data.classes("mnli")
    assert data.load("textfooler-mnli", folder=glue).labels.tolist() == [1]
    paws = data.load("paws-qqp", folder=folder / "robustness")
    assert paws.sentences[0] == ("It 's good", "Good it 's") and paws.labels.tolist() == [0, 1]
    assert "for evaluation only" in paws.provenance


def test_wrong_files_splits_and_names_are_refused(folder):
    glue = folder / "glue"
    with pytest.raises(ValueError, match="split of advglue-sst2 must be dev, got 'train'"):
        data.load("advglue-sst2", "train", glue)
    with pytest.raises(
        ValueError, match=r"needs the file textfooler_mnli_mismatched_1k.tsv, which was not found"
    ):
        data.load("textfooler-mnli-mismatched", folder=glue)
    with pytest.raises(ValueError, match="name must be one of advglue-sst2"):
        data.attacked("sst2")
    for text in (
        "",
        "[]",
        '{"sst2": [{"sentence": "x", "label": 2}]}',
        '{"sst2": [{"label": 1}]}',
        '{"sst2": [3]}',
    ):
        (folder / "robustness" / "advglue_dev.json").write_text(text)
        with pytest.raises(ValueError, match=r"advglue_dev.json is not a file of advglue-sst2 \("):
            data.load("advglue-sst2", folder=glue)


def test_early_exit_under_attack(folder):
    model = Model("tiny", SHAPE, random_tensors(SHAPE), vocabulary=tokenizer().encode())
    (folder / "zoo" / "tiny").mkdir(parents=True)
    model.save(folder / "zoo" / "tiny" / "sst2.safetensors")
    write_index(folder / "zoo")
    cases = [
        robustness.Case("tiny/sst2", "sst2", ("advglue-sst2",)),
        robustness.Case("tiny/qqp-split", "qqp", ("paws-qqp",)),
    ]
    outcome = robustness.run("t", Call(glue=folder / "glue", zoo=folder / "zoo"), cases, 0.01)
    rows = {(m.row, m.quantity.name): m for m in outcome.measurements}
    attack, dev = (
        {q: m for (row, q), m in rows.items() if row.endswith(name)} for name in ("advglue-sst2", "sst2 dev")
    )
    assert dev["ee_cost"].value >= -1.0 - 1e-9  # the threshold was chosen for that
    cost = attack["ee_accuracy"].value - attack["accuracy"].value
    assert attack["ee_cost"].value == pytest.approx(cost)
    more = attack["ee_cost_more"]
    assert more.value == pytest.approx(cost - dev["ee_cost"].value) and more.low < more.value < more.high
    assert attack["accuracy"].value == attack["accuracy_3"].value and "accuracy_4" not in attack
    assert 1 <= attack["ee_layer"].value <= 3 and attack["ee_layer"].row == "tiny/sst2 on advglue-sst2"
    header = " ".join(outcome.header)
    assert "not in the zoo, left out: tiny/qqp-split" in header
    assert "advglue-sst2 dev, 19 sentences" in header and "1 of 20 left out, which share a text" in header
    assert len(outcome.figures[0].series) == 2
    with pytest.raises(ValueError, match="needs one of the models tiny/qqp-split"):
        robustness.run("t", Call(zoo=folder / "zoo", data="qqp"), cases, 0.01)


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("advglue-sst2", 148),
        ("advglue-mnli", 121),
        ("advglue-rte", 81),
        ("textfooler-mnli", 1000),
        ("paws-qqp", 677),
    ],
)
def test_the_shared_files(name, count):
    if not SHARED.is_dir():
        pytest.skip("needs the sets of attacks in ../shared/robustness")
    found, before = data.attacked(name, SHARED)
    assert len(found) == len(before) == count and set(found.labels) == set(range(len(found.classes)))
