"""A user's own network in TOML: operators by their sizes or by their own numbers, and stages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from siliconbert.hardware import FpgaOperator, fpga
from siliconbert.schedule.network import (
    OTHER_LANES,
    PRODUCT_LANES,
    Network,
    Operator,
    Table,
)
from siliconbert.text import parse_toml

# Far above any FPGA's: a file that claims more is refused.
_LARGEST = 1 << 24
_MOST_UNITS = 1024
_MOST = 1e12
_COMMON = ("name", "kind", "parallelism", "units", "after")
_WHOLE = (int,)
_NUMBER = (int, float)
# Kind -> how it is made, its keys and their types; those with a default may lack.
_KINDS: dict[str, tuple[Callable[..., FpgaOperator], dict[str, Any], dict[str, Any]]] = {
    "product": (
        fpga.product,
        {"inputs": _WHOLE, "outputs": _WHOLE},
        {"density": _NUMBER, "block": list, "copies": _WHOLE, "row_registers": (bool,)},
    ),
    "feed_forward": (
        fpga.feed_forward,
        {"width": _WHOLE, "neurons": _WHOLE},
        {"density": _NUMBER, "block": list},
    ),
    "attention": (fpga.attention, {"heads": _WHOLE, "head_width": _WHOLE, "window": _WHOLE}, {}),
    "add_norm": (fpga.add_norm, {"width": _WHOLE}, {}),
}


def read(path: Path) -> Network:
    """The network in a TOML file.

    title, rows : of the network; rows of activations at once, where operators have sizes
    operators   : list of tables with name, kind, perhaps parallelism (a list), units and after (names), and
                  product: inputs, outputs, perhaps density, block, copies, row_registers;
                  feed_forward: width, neurons, perhaps density, block;
                  attention: heads, head_width, window;  add_norm: width;
                  table: parallelism, latency_ms, resources (of one unit), lists of the same length
    stages      : list of tables with name and calls (operator -> invocations); without it one stage calls
                  every operator once
    errors      : ValueError, one sentence with file, operator and key
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"schedule.network: model must be a readable text file: {error}") from None
    raw = parse_toml(text, path.name)
    _check_keys(path.name, raw, {"title", "rows", "operators", "stages"})
    operators = tuple(
        _operator(path.name, i, one) for i, one in enumerate(_tables(path.name, raw, "operators"))
    )
    rows = _typed(path.name, raw, "rows", _WHOLE) if "rows" in raw else 1
    if rows < 1:
        raise ValueError(f"{path.name}: rows must be at least 1, got {rows}")
    if "rows" not in raw and not all(isinstance(o.work, Table) for o in operators):
        raise ValueError(f"{path.name}: rows missing: how many rows of activations go through at once")
    found = Network(path.stem, str(raw.get("title", "")), rows, operators, _stages(path.name, raw, operators))
    _check_graph(path.name, found)
    return found


def _operator(file: str, index: int, raw: Mapping[str, Any]) -> Operator:
    name = _typed(f"{file}: operator {index + 1}", raw, "name", (str,))
    place = f"{file}: {name}"
    kind = _typed(place, raw, "kind", (str,))
    if kind not in (*_KINDS, "table"):
        raise ValueError(f"{place}: kind must be one of {', '.join((*_KINDS, 'table'))}; got {kind!r}")
    units = _typed(place, raw, "units", _WHOLE) if "units" in raw else 1
    if not 1 <= units <= _MOST_UNITS:
        raise ValueError(f"{place}: units must be in 1..{_MOST_UNITS}, got {units}")
    after = tuple(str(one) for one in _typed(place, raw, "after", (list,))) if "after" in raw else ()
    work = _table(place, raw) if kind == "table" else _sized(place, raw, kind)
    return Operator(name, work, _options(place, raw, work), units, after)


def _sized(place: str, raw: Mapping[str, Any], kind: str) -> FpgaOperator:
    make, needed, optional = _KINDS[kind]
    _check_keys(place, raw, {*_COMMON, *needed, *optional})
    values = {key: _typed(place, raw, key, types) for key, types in needed.items()}
    values |= {
        key: _typed(place, raw, key, (list,) if types is list else types)
        for key, types in optional.items()
        if key in raw
    }
    if "block" in values:
        values["block"] = tuple(_whole_list(place, "block", values["block"]))
        if len(values["block"]) != 2:
            raise ValueError(f"{place}: block must hold rows and columns, got {list(values['block'])}")
    try:
        return make(**values)
    except ValueError as error:
        raise ValueError(f"{place}: {error}") from None


def _table(place: str, raw: Mapping[str, Any]) -> Table:
    _check_keys(place, raw, {*_COMMON, "latency_ms", "resources"})
    count = len(_typed(place, raw, "parallelism", (list,)))
    resources = _typed(place, raw, "resources", (dict,))
    lists = {"latency_ms": _typed(place, raw, "latency_ms", (list,)), **resources}
    for key, values in lists.items():
        good = isinstance(values, list) and all(_is(v, _NUMBER) and 0 <= v <= _MOST for v in values)
        if not good or len(values) != count:
            raise ValueError(
                f"{place}: {key} must be {count} numbers in 0..{_MOST:g}, one a parallelism, "
                f"got {values!r:.80}"
            )
    return Table(
        tuple(map(float, lists["latency_ms"])), {key: tuple(map(float, resources[key])) for key in resources}
    )


def _options(place: str, raw: Mapping[str, Any], work: FpgaOperator | Table) -> tuple[int, ...]:
    if "parallelism" in raw:
        found = _whole_list(place, "parallelism", _typed(place, raw, "parallelism", (list,)))
        if not found or found != sorted(set(found)):
            raise ValueError(f"{place}: parallelism must be a rising list of whole numbers, got {found}")
        return tuple(found)
    assert isinstance(work, FpgaOperator)
    lanes = PRODUCT_LANES if work.kind in ("product", "feed_forward") else OTHER_LANES
    return tuple(p for p in lanes if work.allows(p))


def _stages(
    file: str, raw: Mapping[str, Any], operators: tuple[Operator, ...]
) -> dict[str, Mapping[str, float]]:
    if "stages" not in raw:
        return {"network": {o.name: 1.0 for o in operators}}
    found: dict[str, Mapping[str, float]] = {}
    for i, one in enumerate(_tables(file, raw, "stages")):
        place = f"{file}: stage {i + 1}"
        _check_keys(place, one, {"name", "calls"})
        name, calls = _typed(place, one, "name", (str,)), _typed(place, one, "calls", (dict,))
        if bad := [
            key for key, count in calls.items() if not _is(count, _NUMBER) or not 0 <= count <= _LARGEST
        ]:
            raise ValueError(
                f"{file}: {name}: calls must be numbers in 0..{_LARGEST}, got {calls[bad[0]]!r:.80}"
            )
        if name in found:
            raise ValueError(f"{file}: stages must have different names, got {name!r} twice")
        found[name] = calls
    return found


def _check_graph(file: str, network: Network) -> None:
    names = [o.name for o in network.operators]
    known = ", ".join(names)
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{file}: operators must have different names, got {twice!r} twice")
    for o in network.operators:
        if unknown := set(o.after) - set(names):
            raise ValueError(
                f"{file}: {o.name}: after must name operators among {known}; got {min(unknown)!r}"
            )
    for stage, calls in network.stages.items():
        if unknown := set(calls) - set(names):
            raise ValueError(
                f"{file}: {stage}: calls must name operators among {known}; got {min(unknown)!r}"
            )
    network.order()


def _tables(file: str, raw: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    found = raw.get(key)
    if not isinstance(found, list) or not found or not all(isinstance(one, dict) for one in found):
        raise ValueError(f"{file}: {key} must be a list of tables, [[{key}]], got {found!r:.80}")
    return found


def _check_keys(place: str, raw: Mapping[str, Any], known: set[str]) -> None:
    if unknown := set(raw) - known:
        raise ValueError(f"{place}: keys must be among {', '.join(sorted(known))}; got {min(unknown)!r}")


def _is(value: Any, types: tuple[type, ...]) -> bool:
    return isinstance(value, types) and (bool in types or not isinstance(value, bool))


def _typed(place: str, raw: Mapping[str, Any], key: str, types: tuple[type, ...]) -> Any:
    words = {
        str: "text",
        int: "a whole number",
        float: "a number",
        list: "a list",
        dict: "a table",
        bool: "a truth value",
    }
    if key not in raw:
        raise ValueError(f"{place}: {key} missing")
    if not _is(raw[key], types):
        raise ValueError(f"{place}: {key} must be {words[types[-1]]}, got {raw[key]!r:.80}")
    if types == _WHOLE and abs(raw[key]) > _LARGEST:
        raise ValueError(f"{place}: {key} must be at most {_LARGEST}, got {raw[key]!r:.80}")
    return raw[key]


def _whole_list(place: str, key: str, values: list[Any]) -> list[int]:
    if not all(_is(v, (int,)) and 1 <= v <= _LARGEST for v in values):
        raise ValueError(f"{place}: {key} must hold whole numbers in 1..{_LARGEST}, got {values!r:.80}")
    return values
