"""A campaign's YAML file: what may stand in it, and one sentence for whatever may not.

Every list is an axis of the grid; every other key holds for the whole campaign. A commented file that names
all keys is experiments/edgebert/campaigns/faults.yaml.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic import model_validator as _validator

from siliconbert import catalog, data, exits, faults, hardware
from siliconbert.campaign import records, yamlfile
from siliconbert.campaign.setup import QUICK_SENTENCES, QUICK_TRIALS
from siliconbert.text import suggestion


class _Strict(BaseModel):
    """A mapping with known keys and no silent conversions."""

    model_config = ConfigDict(strict=True, frozen=True, allow_inf_nan=False, extra="forbid")

    @_validator(mode="before")
    @classmethod
    def _keys(cls, values: Any) -> Any:
        known = ", ".join(cls.model_fields)
        if not isinstance(values, Mapping):
            raise ValueError(f"a mapping with keys among {known}")
        for key in values:
            if key not in cls.model_fields:
                hint = suggestion(str(key), cls.model_fields)
                raise _SentenceError(f"keys of {{place}} must be one of {known}{hint}; got {str(key)!r}")
        return values


class _SentenceError(ValueError):
    """What is wrong as a whole sentence; {place} in it stands for the place of the mapping."""


def _name_to(key: str) -> BeforeValidator:
    """A plain text or number stands for a mapping with one key."""
    return BeforeValidator(lambda value: {key: value} if isinstance(value, (str, int)) else value)


def _one_of(known: Callable[[], list[str]]) -> AfterValidator:
    def check(name: str) -> str:
        if name not in known():
            raise ValueError(f"one of {', '.join(known())}")
        return name

    return AfterValidator(check)


class Task(_Strict):
    """Labelled sentences by name."""

    name: Annotated[str, _one_of(data.names)]
    split: Literal["train", "dev", "dev_mismatched"] = "dev"


RULES = ("entropy", "prediction")


class Exit(_Strict):
    """Where sentences leave; exactly one of threshold (nats) and max_drop (of accuracy, 0..1) is given.

    rule: entropy, prediction, or a plug-in's (options: what its class takes)
    lut: CSV file of the exit predictor's table; without it the model's own serves
    """

    rule: Annotated[str, _one_of(lambda: [*RULES, *exits.own_rules()])]
    threshold: float | None = Field(default=None, ge=0)
    max_drop: float | None = Field(default=None, ge=0, le=1)
    lut: str | None = None
    first: int = Field(default=1, ge=1)
    last_ramp: int | None = Field(default=None, ge=1)
    check_before: bool = True
    options: dict[str, Any] = Field(default={})

    @_validator(mode="after")
    def _agree(self) -> Exit:
        if self.rule not in RULES:
            exits.own_rule(self.rule, **self.options)
        elif self.options:
            raise ValueError("without options, which belong to a plug-in's rule")
        if (self.threshold is None) == (self.max_drop is None):
            raise ValueError("exactly one of threshold and max_drop")
        if self.rule != "prediction" and self.model_fields_set & {
            "lut",
            "first",
            "last_ramp",
            "check_before",
        }:
            raise ValueError("without lut, first, last_ramp and check_before, which belong to prediction")
        return self


class Accelerator(_Strict):
    """An accelerator and the milliseconds a sentence may take.

    shape    : a catalogue shape that stands for the model's; None: the model's own
    sequence : tokens a sentence is padded to
    """

    name: Annotated[str, _one_of(hardware.names)]
    n: int = 16
    shape: Annotated[str, _one_of(lambda: sorted(catalog.records("models")))] | None = None
    target_ms: float | None = Field(default=None, gt=0)
    sequence: int = Field(default=128, ge=1)

    @_validator(mode="after")
    def _size(self) -> Accelerator:
        hardware.accelerator(self.name, self.n)
        return self


class Trials(_Strict):
    """How many trials a configuration gets.

    most       : so many; with `width` at most so many
    width      : stop once the interval of the mean accuracy over trials is narrower than this (0..1)
    confidence : of that interval, which holds at any stopping time
    step       : trials between two looks at the interval
    """

    most: int = Field(ge=1, le=2**31 - 1)
    width: float | None = Field(default=None, gt=0, lt=1)
    confidence: float = Field(default=0.95, gt=0, lt=1)
    step: int = Field(default=20, ge=1)


Cells = Annotated[
    dict[str, Annotated[str, _one_of(faults.names)]],
    BeforeValidator(lambda v: {"*": v} if isinstance(v, str) else v),
]


class Settings(_Strict):
    """A whole campaign file."""

    models: list[str] = Field(min_length=1)
    tasks: list[Annotated[Task, _name_to("name")]] = Field(min_length=1)
    tensor: str = "embeddings.word"
    formats: list[Annotated[Any, AfterValidator(records.check_format)]] = Field(default=[None], min_length=1)
    layouts: list[Annotated[Any, AfterValidator(records.check_layout)]] = Field(
        default=["bitmask"], min_length=1
    )
    cells_file: Annotated[str, AfterValidator(records.load_cells)] | None = None
    cells: list[Cells] = Field(min_length=1)
    ecc: list[Annotated[Any, AfterValidator(records.check_ecc)]] = Field(default=[None], min_length=1)
    gray: list[Annotated[Any, AfterValidator(records.check_gray)]] = Field(default=[False], min_length=1)
    orders: list[str | None] = Field(default=[None], min_length=1)
    faults: list[Annotated[Any, AfterValidator(records.check_fault)]] = Field(
        default=["cell_misread"], min_length=1
    )
    exits: list[Exit | None] = Field(default=[None], min_length=1)
    accelerators: list[Annotated[Accelerator, _name_to("name")] | None] = Field(default=[None], min_length=1)
    seed: int = Field(default=1, ge=0, lt=2**64)
    trials: Annotated[Trials, _name_to("most")] = Trials(most=100)
    sentences: int | None = Field(default=None, ge=1)
    quick: bool = False

    @_validator(mode="after")
    def _distinct(self) -> Settings:
        for axis in AXES:
            entries = getattr(self, axis)
            for i, entry in enumerate(entries):
                if entry in entries[:i]:
                    first = entries.index(entry)
                    raise _SentenceError(f"{axis}.{i} must be another entry than {axis}.{first}")
        return self

    def quickly(self) -> Settings:
        """At most 10 trials of at most 400 sentences."""
        most = min(self.trials.most, QUICK_TRIALS)
        few = min(self.sentences or QUICK_SENTENCES, QUICK_SENTENCES)
        trials = self.trials.model_copy(update={"most": most})
        return self.model_copy(update={"quick": True, "trials": trials, "sentences": few})


AXES = (
    "models",
    "tasks",
    "formats",
    "layouts",
    "cells",
    "ecc",
    "gray",
    "orders",
    "faults",
    "exits",
    "accelerators",
)


def read(path: str | Path) -> Settings:
    """The settings in a YAML file.

    errors: ValueError with one sentence: file, key, what is expected there, what came
    """
    path = Path(path)
    return parse(yamlfile.read(path), path.name)


def parse(values: Any, place: str = "settings") -> Settings:
    """The settings in a mapping; `place` opens the error sentences."""
    try:
        found = Settings.model_validate(values)
    except ValidationError as error:
        raise ValueError(f"campaign: {place}: {_sentence(error)}") from None
    return found.quickly() if found.quick else found


# What pydantic found wrong, in words; braces take the error's own context.
_EXPECTED = {
    "int_type": "a whole number",
    "float_type": "a number",
    "string_type": "text",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "a mapping",
    "too_short": "a list of at least {min_length}",
    "greater_than": "above {gt:g}",
    "greater_than_equal": "at least {ge:g}",
    "less_than": "below {lt:g}",
    "less_than_equal": "at most {le:g}",
    "literal_error": "{expected}",
    "finite_number": "a finite number",
    "missing": "given",
}


def _sentence(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    place = ".".join(str(part) for part in first["loc"]) or "the file"
    context = first.get("ctx", {})
    cause = context.get("error")
    if isinstance(cause, _SentenceError):
        return str(cause).replace("{place}", place)
    if cause and ": " in str(cause):  # another stage's own sentence
        return f"{place}: {cause}"
    words = _EXPECTED.get(first["type"])
    expected = str(cause) if cause else words.format(**context) if words else first["msg"]
    got = "nothing" if first["type"] == "missing" else _short(first["input"])
    return f"{place} must be {expected}, got {got}"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
