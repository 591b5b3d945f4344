"""What quantization-aware training leaves in config.json for the integer model."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from siliconbert.models.integer.settings import Integer
from siliconbert.models.jsonfile import Config, read_json

KEY = "integer"

Recorded = tuple[dict[str, float], Integer, dict[str, float]]


def plain(largest: dict[str, float], settings: Integer, clip: dict[str, float]) -> dict[str, Any]:
    """What stands under KEY: the arguments of Model.integer."""
    given = asdict(settings)
    known = {name: given[name] for name in Integer.__dataclass_fields__}
    return {"settings": known, "largest": largest, "clip": clip}


def recorded(folder: str | Path) -> Recorded:
    """Largest activations, settings and clips of a run's model folder, as Model.integer takes them.

    errors: ValueError naming the file, where it is of a model that has not been trained in integers
    """
    return read_recorded(read_json(Path(folder) / "config.json"))


def read_recorded(record: Config) -> Recorded:
    """The same of its config.json."""
    record.require(KEY in record.values, KEY, "the record of a model trained in integers (a float model?)")
    part = record.part(KEY)
    part.only("settings", "largest", "clip")
    try:
        settings = Integer(**part.part("settings").values)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{part.place}: settings: {error}") from None
    return _numbers(part.part("largest")), settings, _numbers(part.part("clip"))


def _numbers(part: Config) -> dict[str, float]:
    for name, value in part.values.items():
        part.require(type(value) in (int, float) and value >= 0, name, "a number of at least 0")
    return dict(part.values)
