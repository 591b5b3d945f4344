"""How far each configuration of a store is, from a few columns of its rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from siliconbert.campaign import parts, plan
from siliconbert.campaign.config import Trials

COLUMNS = ("config", "trial", "reason", "correct", "sentences", "notes", "seconds")


@dataclass(frozen=True)
class Standing:
    """One configuration.

    state    : "waiting", "running", "done", "infeasible", or "failed"
    reason   : why it has no result, else None
    accuracy : of the trials that have one, in their order; failed: how many have none
    """

    state: str
    reason: str | None
    accuracy: NDArray[np.float64]
    failed: int

    @property
    def trials(self) -> int:
        """Trials that have a result."""
        return len(self.accuracy)


def standing(rows: pa.Table, trials: Trials) -> Standing:
    """Where a configuration with these rows stands."""
    own = rows.slice(0, 1) if len(rows) and rows["trial"][0].as_py() == parts.CLEAN else rows.slice(0, 0)
    reason = own["reason"][0].as_py() if len(own) else None
    if reason is not None:
        return Standing(reason.partition(":")[0], reason, np.empty(0), 0)
    rest = rows.slice(len(own))
    found = good(rest)
    accuracy = found["correct"].to_numpy() / found["sentences"].to_numpy()
    failed = len(rest) - len(found)
    bounds = plan.bounds(*_clean(own)) if len(own) else (0.0, 1.0)
    stops = len(rest) % trials.step == 0 and plan.narrow(accuracy.tolist(), trials, bounds)
    done = len(own) > 0 and (len(rest) >= trials.most or stops)
    state = "done" if done else "running" if len(rows) else "waiting"
    return Standing(state, f"{failed} trials failed" if failed else None, accuracy, failed)


def good(rows: pa.Table) -> pa.Table:
    """The trials that have a result, of one configuration's rows in order."""
    trials = rows.slice(1) if len(rows) and rows["trial"][0].as_py() == parts.CLEAN else rows
    # Most stores have no failed trial, and copying all rows is slow.
    return trials.filter(trials["reason"].is_null()) if trials["reason"].null_count < len(trials) else trials


def by_config(table: pa.Table, configs: Iterable[str]) -> Iterator[tuple[str, pa.Table]]:
    """The rows of each of these configurations, from a table that is in order."""
    codes = table["config"].combine_chunks().dictionary_encode()
    starts = np.searchsorted(codes.indices.to_numpy(), np.arange(len(codes.dictionary) + 1))
    place = {config: i for i, config in enumerate(codes.dictionary.to_pylist())}
    for config in configs:
        i = place.get(config)
        yield config, table.slice(0, 0) if i is None else table.slice(starts[i], starts[i + 1] - starts[i])


def _clean(own: pa.Table) -> tuple[float, str]:
    return own["correct"][0].as_py() / own["sentences"][0].as_py(), own["notes"][0].as_py()
