"""Runs one recipe."""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from siliconbert.data.answers import write
from siliconbert.train import (
    checkpoint,
    evaluate,
    export,
    inputs,
    language_phase,
    phases,
    shards,
    sinks,
    student,
)
from siliconbert.train import device as devices
from siliconbert.train import recipe as recipes
from siliconbert.train.augment import Augmenter
from siliconbert.train.batches import batches
from siliconbert.train.extra import UNKNOWN
from siliconbert.train.inputs import Inputs
from siliconbert.train.loop import Log, Loop
from siliconbert.train.network import Network
from siliconbert.train.panel import Panel
from siliconbert.train.quantize import FakeQuantized
from siliconbert.train.ramps import first_states, train_ramps
from siliconbert.train.recipe import Recipe


def run(
    recipe_path: str | Path,
    out: str | Path,
    resume: bool = True,
    smoke: bool = False,
    glue: str | Path | None = None,
    texts: str | Path = "../shared",
    tell: Callable[[int, int], None] | None = None,
    base: str | Path | None = None,
    device: str = devices.AUTO,
) -> Path:
    """Trains what the recipe says and returns the model folder, <out>/<recipe name>/model.

    recipe_path : a YAML file, see recipe.Recipe
    out         : folder of all runs; a model that this recipe starts from or learns from must have run there,
                  or be committed in `checkpoints` beside the recipes (see shards)
    resume      : go on from the newest checkpoint in <out>/<recipe name> if there is one
    smoke       : tiny made-up networks and text, seconds
    glue, texts : where the GLUE folders and the further text for general distillation are
    tell        : is told the step and how many there are, in the phases that have checkpoints
    base        : the folder of the recipe's `base`, where that is not to be fetched from the hub
    device      : auto, cpu, cuda or cuda:N; only cpu gives the same bits again
    errors      : ValueError for a bad recipe, device or missing input, FloatingPointError when the loss is
                  not finite
    """
    torch.set_float32_matmul_precision("highest")
    place = devices.chosen(device)
    recipe = recipes.read(recipe_path)
    recipe = recipes.shrink(recipe) if smoke else recipe
    folder = Path(out) / recipe.name
    folder.mkdir(parents=True, exist_ok=True)
    log = Log(folder / "log.txt")
    log(f"{recipe.name}: {recipe.phase} phase on {recipe.data}, seed {recipe.seed}{' (smoke)' * smoke}")
    log(f"PyTorch {torch.__version__} on {devices.words(place)}")
    earlier = Earlier(Path(out), None if smoke else shards.home(recipe_path))
    if recipe.phase == "language":
        start = None if recipe.start == "new" else _earlier("start", recipe.start, earlier, log)
        return language_phase.run(recipe, folder, start, Path(texts), place, log, resume, smoke, tell)
    given = (
        inputs.smoke(folder, recipe.data, albert="albert" in recipe.base)
        if smoke
        else inputs.real(recipe, Path(glue) if glue else None, Path(texts), base)
    )
    given.base.to(place)
    for note in given.notes:
        log(note)
    torch.manual_seed(recipe.seed)
    network = _network(recipe, given, earlier, log)
    teacher = _named("teacher", recipe.teacher, given, earlier, log) if recipe.teacher else None
    others = [_named("teacher", name, given, earlier, log) for name in recipe.panel]
    panel = None if teacher is None else Panel((teacher, *others))
    for one in panel.networks if panel else ():
        one.eval().requires_grad_(False)
    _layers(recipe, network, teacher)
    if recipe.phase != "general":
        _agree(recipe, network, panel, given, log)
    started = time.time()
    if recipe.phase == "ramps":
        _ramps(recipe, network, panel, given, log)
        minutes = (time.time() - started) / 60
    else:
        minutes = _backbone(recipe, network, panel, given, folder, log, resume, tell)
    card = _card(recipe, network, given, minutes, earlier, folder, log)
    export.save(network, folder / "model", card, given.pretrained.tokenizer)
    return folder / "model"


def land(recipe_path: str | Path, out: str | Path) -> Path:
    """Writes the recipe's finished model as shards to commit; returns their folder. See shards."""
    recipe = recipes.read(recipe_path)
    model = Path(out) / recipe.name / "model"
    if not (model / "config.json").is_file():
        raise ValueError(f"train.land: '{recipe.name}' has not finished in {out}")
    folder = shards.home(recipe_path) / recipe.name
    shards.save(model, folder, heads=recipe.phase != "general")
    return folder


@dataclass(frozen=True)
class Earlier:
    """Models of recipes that have run: in the folder of all runs, else among the committed ones, if any."""

    out: Path
    landed: Path | None

    def find(self, name: str) -> Path | None:
        """The model's folder."""
        places = [self.out / name / "model"] + ([self.landed / name] if self.landed else [])
        return next((place for place in places if (place / "config.json").is_file()), None)


def _named(role: str, name: str, given: Inputs, earlier: Earlier, log: Log) -> Network:
    if name in ("package", "base"):
        return copy.deepcopy(given.base)
    network: Network = export.load(_earlier(role, name, earlier, log)).to(given.base.device)
    return network


def _earlier(role: str, name: str, earlier: Earlier, log: Log) -> Path:
    folder = earlier.find(name)
    if folder is None:
        raise ValueError(
            f"train: the recipe needs the model of '{name}', which has not run in {earlier.out}"
            + (f" and is not in {earlier.landed}" if earlier.landed else "")
        )
    log(f"{role}: {name}, from {folder}{' (committed)' if folder.parent == earlier.landed else ''}")
    return folder


def _network(recipe: Recipe, given: Inputs, earlier: Earlier, log: Log) -> Network:
    if recipe.start == "svd":
        return student.make(recipes.shape(recipe), given.base, recipe.layer, given.train)
    return _named("start", recipe.start, given, earlier, log)


def _layers(recipe: Recipe, network: Network, teacher: Network | None) -> None:
    """Refuses pairs and weights of layers that are not there."""
    ours, theirs = network.shape.layers, teacher.shape.layers if teacher else 0
    if recipe.exit_weights and len(recipe.exit_weights) != ours:
        got = len(recipe.exit_weights)
        raise ValueError(f"train: {recipe.name}: exit_weights must be as many as layers ({ours}), got {got}")
    for pair in recipe.pairs:
        if teacher is not None and not (0 <= pair[0] <= ours and 0 <= pair[1] <= theirs):
            raise ValueError(
                f"train: {recipe.name}: pairs must be of layers 0..{ours} and, of the teacher, 0..{theirs}, "
                f"got {list(pair)}"
            )


def _agree(recipe: Recipe, network: Network, panel: Panel | None, given: Inputs, log: Log) -> None:
    """The heads get the classes of the task, fresh ones where they had others; a teacher must have them."""
    wanted = f"the classes of {recipe.data} ({', '.join(given.classes)})"
    named = (recipe.teacher, *recipe.panel)
    for name, teacher in zip(named, panel.networks if panel else (), strict=False):
        if not teacher.fits(given.classes):
            raise ValueError(
                f"train: {recipe.name}: teacher must have {wanted}, '{name}' has {_outputs(teacher)}"
            )
    if not network.fits(given.classes):
        if recipe.phase == "ramps":
            raise ValueError(
                f"train: {recipe.name}: start must have {wanted}, '{recipe.start}' has {_outputs(network)}"
            )
        log(f"fresh heads for {wanted}; '{recipe.start}' has {_outputs(network)}")
        labels = np.asarray(given.train.labels)
        known = labels[labels != UNKNOWN]
        network.begin(given.classes, float(known.mean()) if labels.dtype == np.float32 else 0.0)
    network.classes = given.classes


def _outputs(network: Network) -> str:
    return ", ".join(network.classes) or f"{network.shape.labels} without names"


def _backbone(
    recipe: Recipe,
    network: Network,
    panel: Panel | None,
    given: Inputs,
    folder: Path,
    log: Log,
    resume: bool,
    tell: Callable[[int, int], None] | None,
) -> float:
    if not resume:
        checkpoint.remove(folder)
    state = checkpoint.newest(folder, recipe, given.train.size(), log)
    if recipe.phase == "general":
        if panel is None:
            raise ValueError(f"train: {recipe.name}: a general phase needs a teacher")
        if recipe.start == "svd" and state is None:
            student.fit_embeddings(network, panel.first, given.train, recipe, log)
        phase = phases.general(recipe, network, panel.first, given.train)
    else:
        if recipe.sink_limit:
            log(f"silenced (layer, neuron): {sinks.close(network, given.train, recipe.sink_limit)}")
        phase = phases.task(recipe, network, panel, given)
    loop = Loop(
        recipe,
        phase.module,
        given.train,
        phase.loss,
        phase.report,
        folder,
        log,
        pruner=phase.pruner,
        spans=phase.spans,
        fresh=_augmented(recipe, panel, given),
        tell=tell,
    )
    return loop.run(state)


def _augmented(recipe: Recipe, panel: Panel | None, given: Inputs) -> Augmenter | None:
    if recipe.augment is None or panel is None:
        return None
    return Augmenter(given.train, given.starts, panel.first.word, recipe.augment, recipe.seed)


def _ramps(recipe: Recipe, network: Network, panel: Panel | None, given: Inputs, log: Log) -> None:
    log(f"dev per exit before: {evaluate.line(network, given.dev, given.task)}")
    states = first_states(network, given.train)
    wanted = None if panel is None else panel.logits(given.train)
    log(f"stored token-0 states: {' x '.join(map(str, states.shape))}")
    train_ramps(network, states, torch.from_numpy(given.train.labels), wanted, recipe, log)


def _card(
    recipe: Recipe, network: Network, given: Inputs, minutes: float, earlier: Earlier, folder: Path, log: Log
) -> dict[str, Any]:
    """The model card: every stage with its recipe, data and minutes, and the metrics of the result."""
    start = earlier.find(recipe.start)
    known = start is not None and (start / "card.json").is_file()
    stages = json.loads((start / "card.json").read_text())["stages"] if start and known else []
    stage = {
        "recipe": recipe.plain(),
        "data": given.provenance,
        "minutes": round(minutes, 1),
        "torch": torch.__version__,
        "device": devices.words(network.device),
    }
    card: dict[str, Any] = {
        "name": recipe.name,
        "base": given.pretrained.model,
        "tokenizer": given.pretrained.vocabulary,
        "stages": [*stages, stage],
    }
    if recipe.phase != "general":
        network.eval()
        card |= {"task": given.task, "classes": list(given.classes)}
        if network.integers is not None:
            label = network.integers.plan.label
            return card | {f"dev_per_exit_{label}": _judged(recipe, network, given, folder, label, log)}
        card["dev_per_exit_fp32"] = _judged(recipe, network, given, folder, "fp32", log)
        twin = copy.deepcopy(network)
        with FakeQuantized(twin, batches(given.calibration(), 4000, None)):
            card["dev_per_exit_adaptivfloat8"] = _judged(recipe, twin, given, folder, "AdaptivFloat8", log)
    return card


def _judged(
    recipe: Recipe, network: Network, given: Inputs, folder: Path, numbers: str, log: Log
) -> evaluate.Scores:
    """The metrics of every exit on dev; what it says of every sentence goes into the run's folder."""
    found = evaluate.answers(network, given.dev, torch.float32)
    header = (
        f"model: {recipe.name}, {numbers}, seed {recipe.seed}",
        f"data: {given.task} dev, {len(given.dev)} sentences; {given.origin}",
        f"numeric path: PyTorch {torch.__version__} on {devices.words(network.device)}",
    )
    write(folder / f"predictions_{numbers.lower()}.csv", replace(found, header=header))
    scores = evaluate.scores(found, given.task)
    log(f"{numbers} dev per exit: {evaluate.said(scores)}")
    return scores
