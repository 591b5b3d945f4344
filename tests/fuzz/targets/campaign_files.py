"""Files of campaigns, recipes and experiments."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
from tests.fuzz import mutate
from tests.fuzz.target import Target

from siliconbert.campaign import answers, authors
from siliconbert.data import Data
from siliconbert.models import Trace
from siliconbert.report import experiments, published

_ROOT = Path(__file__).parents[3]
_LABELS = np.array([0, 1, 1])


def _answers(data: bytes, scratch: Path) -> object:
    (scratch / "answers.csv").write_bytes(data)
    logits = np.zeros((3, 1, 2), np.float32)
    trace = Trace(logits, logits[:, :, 0], (1,), "path", "model", "sentences")
    sentences = Data("sst2", "dev", ["a", "b", "c"], _LABELS, ("no", "yes"), "made up")
    return answers.compare(answers.of(trace, sentences), scratch / "answers.csv")


def _entropies(data: bytes, scratch: Path) -> object:
    (scratch / "entropies.csv").write_bytes(data)
    return authors.read_entropies(scratch / "entropies.csv")


def _published(data: bytes, scratch: Path) -> object:
    folder = scratch / "edgebert"
    folder.mkdir(exist_ok=True)
    (folder / "published.toml").write_bytes(data)
    (folder / "table_2.py").touch()
    experiments.root = lambda: scratch
    return published.targets("edgebert/table_2", "sst2")


def _recipe(data: bytes, scratch: Path) -> object:
    from siliconbert.train import recipe

    (scratch / "recipe.yaml").write_bytes(data)
    return recipe.read(scratch / "recipe.yaml")


def _recipes() -> list[bytes]:
    return [path.read_bytes() for path in sorted((_ROOT / "experiments/edgebert/recipes").glob("*.yaml"))]


_CSV = b"# made by\nsentence,label,layer_2\n0,0,1\n1,1,1\n2,1,0\n"
_TARGETS = _ROOT / "experiments/edgebert/published.toml"
TARGETS = [
    Target("answers-csv", lambda: [_CSV], _answers, mutate.text),
    Target("authors-entropies", lambda: [b"0.5,0.25,1e-3\n.1,.2,.3\n"], _entropies, mutate.text),
    Target("published-toml", lambda: [_TARGETS.read_bytes()], _published, mutate.text),
]
if find_spec("torch") is not None:
    TARGETS.append(Target("recipe-yaml", _recipes, _recipe, mutate.text))
