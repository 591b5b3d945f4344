"""Several teachers asked together."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch: pip install 'siliconbert[train]'")

from siliconbert import train  # noqa: E402
from siliconbert.train import evaluate, export, inputs, recipe  # noqa: E402
from siliconbert.train.batches import batches  # noqa: E402
from siliconbert.train.panel import Panel  # noqa: E402

TEACHER = (
    Path(__file__).parents[2] / "experiments" / "edgebert" / "recipes" / "teacher-sst2.yaml"
).read_text()


def teach(folder: Path, name: str, seed: int, more: str = "") -> Path:
    path = folder / f"{name}.yaml"
    path.write_text(TEACHER.replace("teacher-sst2", name).replace("seed: 1", f"seed: {seed}") + more)
    return train.run(path, folder, smoke=True, device="cpu")


@pytest.fixture(scope="module")
def teachers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("panel")
    for seed in (1, 2, 3):
        teach(folder, f"t{seed}", seed)
    return folder


def test_its_logits_are_the_mean_of_all(teachers: Path) -> None:
    networks = tuple(export.load(teachers / f"t{seed}" / "model").eval() for seed in (1, 2, 3))
    panel, text = Panel(networks), inputs.smoke(teachers / "text", "sst2").dev
    found = panel.logits(text)
    wanted = np.mean([evaluate.logits(one, text)[:, -1].numpy() for one in networks], 0)
    np.testing.assert_allclose(found.numpy(), wanted, rtol=1e-5, atol=1e-6)
    for b in batches(text, 100, None):
        with torch.no_grad():
            judged = panel.judge(b, panel.first.hidden(b.ids, b.types))
        np.testing.assert_allclose(judged.numpy(), wanted[b.index.numpy()], rtol=0.02, atol=0.02)


def test_a_student_learns_from_all(teachers: Path) -> None:
    alone = teach(teachers, "one", 1, "teacher: t1\naugment: {copies: 1}\n")
    together = teach(teachers, "all", 1, "teacher: t1\npanel: [t2, t3]\naugment: {copies: 1}\n")
    said = [(model.parent / "log.txt").read_text() for model in (alone, together)]
    assert [text.count("teacher: t") for text in said] == [1, 3]
    first, second = (export.load(model).heads[-1].classifier.weight for model in (alone, together))
    assert not torch.equal(first, second)


def test_the_plan_puts_a_panel_first(teachers: Path) -> None:
    text = TEACHER.replace("teacher-sst2", "a-student") + "teacher: t1\npanel: [t2, t3]\n"
    (teachers / "a-student.yaml").write_text(text)
    order = [p.recipe.name for p in train.plan(teachers, teachers)]
    assert order.index("a-student") > max(order.index(name) for name in ("t1", "t2", "t3"))


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("panel: [t2]\n", "a panel needs a teacher"),
        ("teacher: package\npanel: [t2]\n", "a panel needs a teacher"),
        ("teacher: t1\npanel: t2\n", "panel must be a list of recipe names, got 't2'"),
        ("teacher: t1\npanel: [t9]\n", "needs the model of 't9', which has not run"),
    ],
)
def test_a_panel_that_cannot_be(teachers: Path, more: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        teach(teachers, "bad", 1, more)
    (teachers / "bad.yaml").unlink()


def test_a_teacher_of_other_classes_is_named(teachers: Path, tmp_path: Path) -> None:
    path = teachers / "t3.yaml"
    path.write_text(path.read_text().replace("data: sst2", "data: mnli").replace("name: t3", "name: odd"))
    train.run(path, teachers, smoke=True, device="cpu")
    path.unlink()
    with pytest.raises(ValueError, match=r"teacher must have the classes of sst2 .*, 'odd' has"):
        teach(teachers, "bad", 1, "teacher: t1\npanel: [odd]\n")
    assert recipe.read(teachers / "bad.yaml").panel == ("odd",)
