"""Training on tasks of two classes, three classes and scores, and what is refused."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch (pip install 'siliconbert[train]')")

from siliconbert import data, train  # noqa: E402
from siliconbert.data import metrics  # noqa: E402
from siliconbert.data.answers import read  # noqa: E402
from siliconbert.train import corpus, distill  # noqa: E402
from siliconbert.train.extra import UNKNOWN  # noqa: E402

BASE = "start: package\nepochs: 2\nlr: 1.0e-3\nseed: 1\nbudget_minutes: 1\n"


def trained(folder, name, task, more="", phase="task", start=None):
    path = folder / f"{name}.yaml"
    base = BASE if start is None else BASE.replace("package", start)
    path.write_text(f"name: {name}\nphase: {phase}\ndata: {task}\n{base}{more}")
    return train.run(path, folder, smoke=True)


def table(folder, name):
    found = read(folder / name / "predictions_fp32.csv")
    assert found.header[0] == f"model: {name}, fp32, seed 1" and found.layers == (1, 2)
    return found


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    out = tmp_path_factory.mktemp("tasks")
    for task in ("cola", "mnli", "stsb"):
        trained(out, f"teacher-{task}", task)
        trained(out, task, task, f"teacher: teacher-{task}\n")
    return out


@pytest.mark.parametrize(
    ("task", "classes"),
    [
        ("cola", ["unacceptable", "acceptable"]),
        ("mnli", ["entailment", "neutral", "contradiction"]),
        ("stsb", ["score"]),
    ],
)
def test_the_outputs_are_the_classes_of_the_task_and_the_card_has_its_metrics(runs, task, classes):
    folder = runs / task / "model"
    config = json.loads((folder / "config.json").read_text())
    assert config["num_labels"] == len(classes) and list(config["id2label"].values()) == classes
    card = json.loads((folder / "card.json").read_text())
    assert card["task"] == task and card["classes"] == classes
    answers = table(runs, task)
    assert answers.given.shape == (40, 2)
    for exit_ in range(2):
        expected = metrics.scores(task, answers.labels, answers.given[:, exit_])
        found = {name: values[exit_] for name, values in card["dev_per_exit_fp32"].items()}
        assert found == pytest.approx({k: 100 * v for k, v in expected.items()}, abs=0.01, nan_ok=True)
    log = (runs / task / "log.txt").read_text()
    assert all(f"{name} [" in log for name in expected)
    assert ("fresh heads for the classes of" in log) == (len(classes) != 2)  # the package has 2 outputs


def test_fresh_heads_of_scores_begin_at_the_mean(runs):
    answers = table(runs, "stsb")
    assert abs(answers.given[:, 0].mean() - answers.labels.mean()) < 0.3


def test_teachers_and_starts_of_other_classes_are_refused(runs):
    with pytest.raises(
        ValueError, match=r"teacher must have the classes of rte \(entailment, not_.*has unacc"
    ):
        trained(runs, "a", "rte", "teacher: cola\n")
    with pytest.raises(
        ValueError, match=r"start must have the classes of sst2 .*'mnli' has entailment, neutral"
    ):
        trained(runs, "b", "sst2", phase="ramps", start="mnli")


def test_another_tasks_model_may_be_a_start(runs):
    trained(runs, "rte-from-mnli", "rte", start="mnli")
    assert "'mnli' has entailment, neutral, contradiction" in (runs / "rte-from-mnli" / "log.txt").read_text()


def test_squared_errors_take_the_place_of_both_losses_of_scores():
    labels, teacher = torch.tensor([1.0, 4.0]), torch.tensor([[2.0], [5.0]])
    exits = [torch.tensor([[1.0], [2.0]]), torch.tensor([[3.0], [4.0]])]
    weights = torch.tensor([1.0, 3.0])
    assert distill.logit_loss(exits, weights, labels, None).item() == pytest.approx((1 * 2 + 3 * 2) / 4)
    # From the teacher (1 + 9) / 2 and (1 + 1) / 2, from the labels (0 + 4) / 2 and (4 + 0) / 2.
    expected = (1 * (0.9 * 5 + 0.1 * 2) + 3 * (0.9 * 1 + 0.1 * 2)) / 4
    assert distill.logit_loss(exits, weights, labels, teacher).item() == pytest.approx(expected)
    unknown = torch.tensor([1.0, UNKNOWN])
    expected = (1 * (0.9 * 5 + 0.1 * 0) + 3 * (0.9 * 1 + 0.1 * 2)) / 4
    assert distill.logit_loss(exits, weights, unknown, teacher).item() == pytest.approx(expected)


def test_a_training_split_of_one_class_is_refused(tmp_path, monkeypatch):
    for split, label in (("train", 1), ("dev", 0)):
        path = tmp_path / "SST-2" / f"{split}.tsv"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"sentence\tlabel\nfine {split}\t1\ngood {split}\t{label}\n")
    found = corpus.extended("sst2", [], [], tmp_path, tmp_path)
    with pytest.raises(
        ValueError, match="sst2 train must have two labels or more, all 2 sentences have the same"
    ):
        corpus.check(found, "sst2 train")
    corpus.check(corpus.task("sst2", "dev", tmp_path), "sst2 dev")


@pytest.mark.parametrize("task", ["qqp", "qnli", "mnli", "cola", "rte", "mrpc", "stsb"])
def test_every_task_of_the_shared_folder_gives_labels_and_classes(task):
    glue = Path(os.environ.get("SILICONBERT_GLUE", "../shared/glue"))
    if not glue.is_dir():
        pytest.skip("needs the GLUE folders in $SILICONBERT_GLUE or ../shared/glue")
    found = corpus.task(task, "dev", glue)
    scores = found.classes == (data.SCORE,)
    assert found.labels.dtype == (np.float32 if scores else np.int64) and len(found.labels) > 200
    assert scores or found.labels.max() == len(found.classes) - 1
