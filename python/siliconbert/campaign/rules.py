"""A campaign's exit rules: their thresholds, and what they predicted trial by trial."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from siliconbert import exits
from siliconbert.models import Model, Trace

_OPTIONS = ("first", "last_ramp", "check_before")


@dataclass
class Rule:
    """An exit rule at its threshold; remembers the predicted layers of every call."""

    threshold: float
    lut: exits.Lut | None
    options: dict[str, Any]
    own: exits.OwnRule | None = None
    calls: list[NDArray[np.uint8]] = field(default_factory=list)

    @classmethod
    def make(cls, record: dict[str, Any], here: Path, model: Model, labels: ArrayLike, clean: Trace) -> Rule:
        """The rule of a campaign file; the threshold of a `max_drop` is found on the clean trace.

        here: the folder that the name of a table starts from
        """
        if len(clean.layers) < model.shape.layers:
            raise ValueError(f"exits: {model.name} has no classifiers between its layers to leave at")
        lut, options, own = None, {}, None
        rule: Any = exits.EntropyRule()
        if record["rule"] in exits.own_rules():
            rule = own = exits.own_rule(record["rule"], **record.get("options", {}))
        if record["rule"] == "prediction":
            lut = _lut(here, record, model)
            options = {name: record[name] for name in _OPTIONS if name in record}
            rule = exits.PredictionRule(lut, **options)
        threshold = record.get("threshold")
        if threshold is None:
            threshold = exits.threshold_for(clean, labels, record["max_drop"], rule)
        if np.isnan(threshold):
            raise ValueError(f"exits: every threshold loses more than {record['max_drop']:g} of accuracy")
        return cls(threshold, lut, options, own)

    def __call__(self, entropy: NDArray[np.float32]) -> NDArray[np.uint8]:
        """Exit layers of sentences with these entropies."""
        if self.own is not None:
            return exits.leave_by(self.own, entropy, self.threshold).astype(np.uint8)
        if self.lut is None:
            return exits.by_entropy(entropy, self.threshold).astype(np.uint8)
        layer, predicted = exits.by_prediction(entropy, self.lut, self.threshold, **self.options)
        self.calls.append(predicted.astype(np.uint8))
        return layer.astype(np.uint8)

    def forget(self) -> None:
        """Drops what earlier calls predicted."""
        self.calls.clear()

    def last_predicted(self) -> bytes | None:
        """Predicted layers of the last call; None where the rule predicts nothing."""
        return None if self.lut is None else self.calls[-1].tobytes()

    def predicted(self, rerun: NDArray[np.int64]) -> list[bytes | None]:
        """Predicted layers of every trial since forget(); rerun: how many sentences each trial touched.

        The rule is asked once without faults, and once for every trial that touched a sentence.
        """
        if self.lut is None:
            return [None] * len(rerun)
        if len(self.calls) != 1 + np.count_nonzero(rerun):
            raise RuntimeError(
                f"campaign: the exit rule was asked {len(self.calls)} times for {np.count_nonzero(rerun)} "
                "trials that touched a sentence"
            )
        clean, *others = [call.tobytes() for call in self.calls]
        asked = iter(others)
        return [next(asked) if count else clean for count in rerun.tolist()]


def _lut(here: Path, record: dict[str, Any], model: Model) -> exits.Lut:
    if record.get("lut") is not None:
        return exits.Lut.from_csv(here / record["lut"], model.shape.layers, record.get("first", 1))
    if "lut" not in model.card:
        raise ValueError(f"exits: {model.name} has no look-up table of its own; name a CSV file as lut")
    return exits.Lut(**model.card["lut"])
