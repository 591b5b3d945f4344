"""Faults by the name of their kind: for files, command lines and records of results."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from typing import Any

from siliconbert.catalog import plugins
from siliconbert.faults.activations import ActivationFlip, Fault, Mixed
from siliconbert.faults.bits import BitFlip, StuckAt
from siliconbert.faults.misread import CellMisread

__all__ = ["from_record", "kinds", "make", "to_record"]

_KINDS: dict[str, Any] = {
    "activation_flip": ActivationFlip,
    "bit_flip": BitFlip,
    "cell_misread": CellMisread,
    "mixed": Mixed,
    "stuck_at": StuckAt,
}


def kinds() -> list[str]:
    """Names of the kinds of faults, those of plug-ins last.

    >>> kinds()
    ['activation_flip', 'bit_flip', 'cell_misread', 'mixed', 'stuck_at']
    """
    return list(_kinds())


def make(kind: str, **options: Any) -> Fault:
    """A fault by kind and options; parts of a mixed one may be records.

    errors : ValueError for an unknown kind or option, or a wrong value

    >>> make("bit_flip", rate=1e-6, regions=["mask"]).label
    'bit flips, rate 1e-06 in mask'
    """
    if kind not in _kinds():
        raise ValueError(f"faults.make: kind must be one of {', '.join(kinds())}; got {kind!r}")
    known = {entry.name: entry for entry in fields(_kinds()[kind])}
    if unknown := [name for name in options if name not in known]:
        raise ValueError(
            f"faults.make: {kind} must have options among {', '.join(known)}; got {unknown[0]!r}"
        )
    if kind == "mixed" and isinstance(options.get("parts"), (list, tuple)):
        parts = [from_record(p) if isinstance(p, (str, Mapping)) else p for p in options["parts"]]
        options = {"parts": parts}
    for name, given in options.items():
        for text in given if isinstance(given, (list, tuple)) else [given]:
            if isinstance(text, str) and not text.isprintable():
                raise ValueError(f"faults.make: {name} of {kind} must be names, got {text!r}")
    try:
        made: Fault = _kinds()[kind](**options)
    except TypeError:
        needed = ", ".join(name for name, entry in known.items() if entry.default is MISSING)
        raise ValueError(f"faults.make: {kind} must be given {needed}; got {options}") from None
    return made


def from_record(record: Mapping[str, Any] | str) -> Fault:
    """A fault from the name of its kind, or from a mapping of `kind` and options, as a file holds it.

    YAML reads 1e-6 as text, so a number may come as text here.
    errors : ValueError

    >>> from_record({"kind": "mixed", "parts": ["cell_misread", {"kind": "bit_flip", "rate": 1e-9}]}).label
    'cell misreads, all level pairs, binomial counts + bit flips, rate 1e-09'
    """
    if isinstance(record, str):
        return make(record)
    if not isinstance(record, Mapping) or not isinstance(record.get("kind"), str):
        raise ValueError(
            f"faults.from_record: record must be a kind's name or a mapping with a kind, got {record!r}"
        )
    options = {str(key): value for key, value in record.items() if key != "kind"}
    numbers = {key: _number(options[key]) for key in ("rate", "hours") if key in options}
    return make(record["kind"], **{**options, **numbers})


def _kinds() -> dict[str, Any]:
    return {**_KINDS, **plugins.objects("faults", _check_kind, tuple(_KINDS))}


def _check_kind(offered: Any) -> None:
    wanted = ("core", "activations", "label")
    if not isinstance(offered, type) or not is_dataclass(offered):
        raise ValueError(f"a kind of fault must be a dataclass, got {offered!r}")
    if missing := [name for name in wanted if not hasattr(offered, name)]:
        raise ValueError(
            f"a kind of fault must have {', '.join(wanted)}; {offered.__name__} lacks {missing[0]}"
        )


def _number(given: Any) -> Any:
    try:
        return float(given) if isinstance(given, str) else given
    except ValueError:
        return given


def to_record(fault: Fault) -> dict[str, Any]:
    """The mapping that from_record reads: the kind and every option that is set, as plain values.

    errors : ValueError for a fault of no known kind

    >>> to_record(BitFlip(1e-6, fields=["sign"]))
    {'kind': 'bit_flip', 'fields': ['sign'], 'rate': 1e-06}
    """
    kind = {made: name for name, made in _kinds().items()}.get(type(fault))
    if kind is None:
        raise ValueError(f"faults.to_record: fault must be of one of {', '.join(kinds())}; got {fault!r}")
    if isinstance(fault, Mixed):
        return {"kind": kind, "parts": [to_record(part) for part in fault.parts]}
    options = {entry.name: getattr(fault, entry.name) for entry in fields(fault)}  # type: ignore[arg-type]
    plain = {name: list(o) if isinstance(o, tuple) else o for name, o in options.items() if o is not None}
    return {"kind": kind, **plain}
