"""`siliconbert evaluate` on tasks of pairs, three classes and scores, and on all tasks at once."""

import json
from dataclasses import replace

import numpy as np
import pytest

from siliconbert import cli, models
from siliconbert.campaign import setup
from siliconbert.data import glue, metrics
from siliconbert.data.answers import read
from siliconbert.models import Model, Shape
from small_models import random_tensors
from tiny_model import WORDS, tokenizer

LAYERS = 3
SHAPE = Shape("bert", len(WORDS) + 3, 40, 2, 24, 24, 4, 32, LAYERS, LAYERS, 2)


def network(task, **card):
    classes = list(glue.TASKS[task].values) or ["score"]
    shape = replace(SHAPE, classes=len(classes))
    card = {"task": task, "classes": classes} | card
    return Model(task, shape, random_tensors(shape), vocabulary=tokenizer().encode(), card=card)


def write(folder, task, count, split="dev", label=None):
    rng = np.random.default_rng(len(task))
    record = glue.TASKS[task]
    path = folder / record.folders[0] / f"{split}.tsv"
    path.parent.mkdir(parents=True, exist_ok=True)
    labels = list(record.values.values()) or ["0.0", "1.25", "3.8", "5.0"]
    header = [] if task == "cola" else ["\t".join([*record.columns, record.label])]
    for _ in range(count):
        text = [" ".join(rng.choice(WORDS, rng.integers(2, 9))) for _ in record.columns]
        said = label or str(rng.choice(labels))
        header.append("\t".join(["x", said, "", *text] if task == "cola" else [*text, said]))
    path.write_text("\n".join(header) + "\n")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """GLUE files in `glue`, and a zoo whose family `tiny` has a model for four tasks."""
    out = tmp_path_factory.mktemp("evaluate")
    for task in ("cola", "mnli", "qqp", "stsb"):
        write(out / "glue", task, 40)
        (out / "zoo" / "tiny").mkdir(parents=True, exist_ok=True)
        network(task).save(out / "zoo" / "tiny" / f"{task}.safetensors")
    write(out / "glue", "mnli", 30, split="dev_mismatched")
    models.write_index(out / "zoo")
    return out


@pytest.fixture
def run(capsys, folder):
    def call(*arguments, glue=folder / "glue"):
        options = ["--glue", str(glue), "--zoo", str(folder / "zoo")]
        with pytest.raises(SystemExit) as left:
            cli.main(["evaluate", *map(str, arguments), *options])
        printed = capsys.readouterr()
        return left.value.code, printed.out, printed.err

    return call


@pytest.mark.parametrize("task", ["cola", "qqp", "stsb"])
def test_the_official_metrics_of_every_exit_with_their_intervals(run, task, folder, tmp_path):
    code, out, err = run(f"tiny/{task}", "--data", task, "--json", "--predictions", tmp_path / "p.csv")
    assert code == 0, err
    found = json.loads(out)["metrics"]
    answers = read(tmp_path / "p.csv")
    for layer in range(1, LAYERS + 1):
        expected = metrics.scores(task, answers.labels, answers.given[:, layer - 1])
        rows = {row["metric"]: row for row in found if row["layer"] == layer}
        assert set(rows) == set(expected)
        for name, row in rows.items():
            assert row["value"] == pytest.approx(expected[name], abs=1e-4)
            assert row["low"] <= row["value"] <= row["high"] and row["split"] == "dev"


def test_mnli_has_a_second_split_where_there_is_one(run):
    code, out, err = run("tiny/mnli", "--data", "mnli", "--json")
    assert code == 0, err
    rows = json.loads(out)["metrics"]
    assert [row["split"] for row in rows] == ["dev"] * LAYERS + ["dev_mismatched"] * LAYERS
    code, out, _ = run("tiny/mnli", "--data", "mnli")
    assert out.count("Accuracy after every layer") == 2 and "mnli dev_mismatched, 30 sentences" in out


def test_scores_have_no_entropy_no_accuracy_and_no_right_answers(run, tmp_path):
    model = network("stsb")
    trace = model.trace(["good film", "bad plot"])
    assert trace.logits.shape == (2, LAYERS, 1) and np.isnan(trace.entropy).all()
    with pytest.raises(ValueError, match="scores have no accuracy"):
        trace.accuracy([1.5, 2.0])
    code, out, _ = run("tiny/stsb", "--data", "stsb")
    assert code == 0 and "Pearson x 100" in out and "accuracy" not in out
    code, _, err = run("tiny/stsb", "--data", "stsb", "--threshold", 0.2)
    assert code == 2 and "--threshold needs classes, stsb has scores, which have no entropy" in err
    assert run("tiny/stsb", "--data", "stsb", "--predictions", tmp_path / "p.csv")[0] == 0
    code, _, err = run("tiny/stsb", "--data", "stsb", "--against", tmp_path / "p.csv")
    assert code == 2 and "labels must be classes, got scores" in err


@pytest.mark.parametrize(
    ("model", "task", "said"),
    [
        (
            "cola",
            "mnli",
            "mnli has the classes entailment, neutral, contradiction; tiny/cola has other outputs: unac",
        ),
        (
            "cola",
            "qqp",
            "qqp has the classes different, duplicate; tiny/cola has other outputs: unacceptable, acc",
        ),
        ("mnli", "stsb", "stsb has the classes score; tiny/mnli has other outputs: entailment, neutral, con"),
        ("stsb", "cola", "tiny/stsb has other outputs: score"),
    ],
)
def test_a_model_of_other_classes_is_refused(run, model, task, said):
    code, out, err = run(f"tiny/{model}", "--data", task)
    assert code == 2 and out == "" and said in err and err.count("\n") == 1


def test_names_that_no_task_uses_are_taken_by_number_but_another_order_is_not(folder):
    pairs = {"sentences": [("good", "bad")] * 2, "labels": np.array([0, 1])}
    qqp = setup.data.Data("qqp", "dev", classes=("different", "duplicate"), provenance="", **pairs)
    for names in (["not_duplicate", "duplicate"], ["DIFFERENT", "Duplicate"]):
        assert setup.subject(network("qqp", classes=names), qqp)
    with pytest.raises(ValueError, match="other outputs: duplicate, different"):
        setup.subject(network("qqp", classes=["duplicate", "different"]), qqp)


def test_a_file_of_one_class_says_so(run, folder, tmp_path):
    write(tmp_path, "cola", 20, label="1")
    code, out, err = run("tiny/cola", "--data", "cola", glue=tmp_path)
    assert code == 0, err
    assert "not defined" in out and "note: all 20 sentences have the label acceptable" in out
    code, out, _ = run("tiny/cola", "--data", "cola", "--json", glue=tmp_path)
    found = json.loads(out)
    assert [row["value"] for row in found["metrics"] if row["metric"] == "matthews"] == [None] * LAYERS
    assert "have the label acceptable" in found["notes"][0]


def test_all_tasks_in_one_table(run):
    code, out, err = run("tiny", "--data", "glue")
    assert code == 0, err
    rows = [line.split() for line in out.splitlines() if " tiny/" in line]
    assert [row[0] for row in rows] == ["cola", "cola", "mnli", "mnli", "qqp", "qqp", "stsb", "stsb"]
    assert all(str(LAYERS) in row for row in rows)
    assert "CoLA (official split)" in out and "the pretrained model has seen this corpus" in out
    code, out, _ = run("tiny", "--data", "glue", "--exits", "--json")
    assert len(json.loads(out)["metrics"]) == 8 * LAYERS
    code, _, err = run("giant", "--data", "glue")
    assert code == 2 and "must be a family of the zoo (tiny) or a folder with models" in err
    code, _, err = run("tiny", "--data", "glue", "--threshold", 0.1)
    assert code == 2 and "are for one task" in err


def test_the_special_functions_in_16_bits(run):
    code, out, err = run("tiny/qqp", "--data", "qqp", "--sfu")
    assert code == 0, err
    assert "softmax and layer norm in 16 bits" in out
    code, _, err = run("tiny", "--data", "glue", "--sfu")
    assert code == 2 and "are for one task" in err
