"""Networks as lists of operators with stages: from the catalogue, a model's sizes or folder, own TOML."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from siliconbert import catalog
from siliconbert.hardware import Shape, fpga, shape
from siliconbert.hardware.fpga import FpgaOperator

LAYOUTS = ("layers", "reuse", "independent")
PRODUCT_LANES = tuple(2**k for k in range(11))
OTHER_LANES = tuple(2**k for k in range(6))
# A model's folder: names of the same size in config.json.
_CONFIG = {
    "hidden": ("hidden_size", "hidden", "emsize", "d_model"),
    "ffn": ("intermediate_size", "ffn", "nhid", "d_ff"),
    "heads": ("num_attention_heads", "heads", "nhead"),
    "layers": ("num_hidden_layers", "layers", "nlayers"),
}


@dataclass(frozen=True)
class Table:
    """A user's own numbers for one operator: ms of one invocation, and amounts of one unit, by option."""

    latency_ms: tuple[float, ...]
    resources: Mapping[str, tuple[float, ...]]


@dataclass(frozen=True)
class Operator:
    """One operator of a network.

    options : its parallelism, rising
    units   : how many are built
    after   : operators whose results it needs
    """

    name: str
    work: FpgaOperator | Table
    options: tuple[int, ...]
    units: int = 1
    after: tuple[str, ...] = ()


@dataclass(frozen=True)
class Network:
    """Operators, and the stages that call them one after the other.

    rows   : rows of activations that go through at once
    stages : stage -> operator -> invocations of it

    >>> from siliconbert.schedule import network
    >>> len(network("cbbp-wikitext2").operators) > 3
    True
    """

    name: str
    title: str
    rows: int
    operators: tuple[Operator, ...]
    stages: Mapping[str, Mapping[str, float]]

    def order(self) -> list[str]:
        """The operators' names, each after those whose results it needs; ValueError for a cycle."""
        left, found = {o.name: set(o.after) for o in self.operators}, list[str]()
        while left:
            ready = [name for name, needs in left.items() if needs <= set(found)]
            if not ready:
                raise ValueError(
                    f"schedule.network: {self.name}: operators must not wait for each other, "
                    f"got a cycle among {', '.join(left)}"
                )
            found += ready
            left = {name: needs for name, needs in left.items() if name not in ready}
        return found


def network(
    model: Any,
    layout: str = "layers",
    rows: int | None = None,
    window: int | None = None,
    density: float | None = None,
    block: tuple[int, int] | None = None,
    outputs: int | None = None,
) -> Network:
    """The operators of a model.

    model   : a name of the catalogue's networks or models, a folder with config.json, a user's TOML file
              (then nothing else may be given), or what hardware.shape() takes
    layout  : "layers": every layer has its own hardware, all built alike; "reuse": one encoder unit that all
              layers use; "independent": every layer has its own hardware, built as it may be
    rows    : rows of activations at once; 128 where the model does not say
    window  : keys that a row attends to; as rows
    density : kept fraction of the weights' blocks; 1 where the model does not say
    block   : rows (along the inputs) and columns of a block; (16, 16)
    outputs : of a decoder after the encoder; 0: none
    errors  : ValueError naming the argument, or file, operator and key

    >>> network("cbbp-wikitext2").order()
    ['mm1', 'attention', 'mm2', 'add_norm', 'mm3', 'mm4']
    >>> network("bert-base", layout="reuse").stages["encoder"]["mm1"]
    12
    """
    given = {"rows": rows, "window": window, "density": density, "block": block, "outputs": outputs}
    given = {key: value for key, value in given.items() if value is not None}
    if layout not in LAYOUTS:
        raise ValueError(f"schedule.network: layout must be one of {', '.join(LAYOUTS)}; got {layout!r}")
    if isinstance(model, Network):
        return model
    if isinstance(model, str | Path) and str(model).endswith(".toml"):
        from siliconbert.schedule.own import read

        if given or layout != "layers":
            raise ValueError("schedule.network: a TOML file says all itself, got other arguments beside it")
        return read(Path(model))
    name, title, sizes, known = _sizes(model)
    defaults = {"rows": 128, "density": 1.0, "block": (16, 16), "outputs": 0, "lanes": PRODUCT_LANES[-1]}
    settings = {**defaults, **known, **given}
    settings.setdefault("window", settings["rows"])
    return _transformer(name, title, sizes, layout, settings)


def networks() -> list[str]:
    """Names of the catalogue's networks; those of its models are known too.

    >>> "cbbp-wikitext2" in networks()
    True
    """
    return sorted(catalog.records("networks"))


def _sizes(model: Any) -> tuple[str, str, Shape, dict[str, Any]]:
    """Name, title, sizes, and what else the model says."""
    if isinstance(model, str | Path):
        record = catalog.records("networks").get(str(model))
        if record is not None:
            more = {k: record[k].value for k in ("rows", "window", "density", "block", "outputs", "lanes")}
            return str(model), record["title"], shape(record), more | {"block": tuple(more["block"])}
        if str(model) in catalog.records("models"):
            return str(model), catalog.records("models")[str(model)]["title"], shape(model), {}
        if Path(model).is_dir():
            return _folder(Path(model))
        known = ", ".join([*networks(), *sorted(catalog.records("models"))])
        raise ValueError(
            f"schedule.network: model must be one of {known}, a folder with config.json or a TOML file; "
            f"got {str(model)!r}"
        )
    return "model", "", shape(model), {}


def _folder(folder: Path) -> tuple[str, str, Shape, dict[str, Any]]:
    path = folder / "config.json"
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise ValueError(
            f"schedule.network: {folder.name}/config.json must be readable JSON: {error}"
        ) from None
    if not isinstance(config, dict):
        raise ValueError(f"schedule.network: {folder.name}/config.json must hold an object")
    sizes = {}
    for key, names in _CONFIG.items():
        value = next((config[name] for name in names if name in config), None)
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise ValueError(
                f"schedule.network: {folder.name}/config.json: {names[0]} must be a whole number of at least "
                f"1, got {value!r}"
            )
        sizes[key] = value
    decoder = "LanguageModel" in (config.get("architectures") or [])
    return folder.name, "", shape(sizes), {"outputs": config.get("vocab_size", 0)} if decoder else {}


def _transformer(name: str, title: str, sizes: Shape, layout: str, settings: Mapping[str, Any]) -> Network:
    if sizes.hidden % sizes.heads:
        raise ValueError(
            f"schedule.network: hidden must be a multiple of heads, got {sizes.hidden} and {sizes.heads}"
        )
    encoder = _encoder(sizes, settings)
    kept = {"density": settings["density"], "block": settings["block"]}
    stages: dict[str, Mapping[str, float]] = {}
    calls = {o.name: 2.0 if o.name == "add_norm" else 1.0 for o in encoder}
    if layout == "reuse":
        operators = encoder
        stages["encoder"] = {key: int(count * sizes.layers) for key, count in calls.items()}
    elif layout == "layers":
        operators = [replace(o, units=sizes.layers) for o in encoder]
        stages |= {f"encoder {i + 1}": calls for i in range(sizes.layers)}
    else:
        operators = [_numbered(o, i) for i in range(1, sizes.layers + 1) for o in encoder]
        for i in range(1, sizes.layers + 1):
            stages[f"encoder {i}"] = {f"{key}.{i}": count for key, count in calls.items()}
    if settings["outputs"]:
        last = "mm3" if layout != "independent" else f"mm3.{sizes.layers}"
        work = fpga.product(sizes.hidden, settings["outputs"], **kept)
        operators = [*operators, Operator("mm4", work, PRODUCT_LANES, after=(last,))]
        stages["decoder"] = {"mm4": 1}
    return Network(name, title, settings["rows"], tuple(operators), stages)


def _encoder(sizes: Shape, settings: Mapping[str, Any]) -> list[Operator]:
    d, kept = sizes.hidden, {"density": settings["density"], "block": settings["block"]}
    works = {
        "mm1": fpga.product(d, d, **kept, copies=3, row_registers=True),
        "attention": fpga.attention(sizes.heads, d // sizes.heads, settings["window"]),
        "mm2": fpga.product(d, d, **kept),
        "add_norm": fpga.add_norm(d),
        "mm3": fpga.feed_forward(d, sizes.ffn, **kept),
    }
    found: list[Operator] = []
    for name, work in works.items():
        product = work.kind in ("product", "feed_forward")
        lanes, most = (PRODUCT_LANES, settings["lanes"]) if product else (OTHER_LANES, OTHER_LANES[-1])
        options = tuple(p for p in lanes if p <= most and work.allows(p))
        found.append(Operator(name, work, options, after=tuple(o.name for o in found[-1:])))
    return found


def _numbered(operator: Operator, layer: int) -> Operator:
    """The operator of one layer; its first one waits for the layer before."""
    after = tuple(f"{name}.{layer}" for name in operator.after)
    if not after and layer > 1:
        after = (f"mm3.{layer - 1}",)
    return replace(operator, name=f"{operator.name}.{layer}", after=after)
