"""The figures of a campaign's store: each where the store has rows for it."""

from siliconbert.report.plots.energy import energies
from siliconbert.report.plots.exits import exits
from siliconbert.report.plots.fronts import fronts
from siliconbert.report.plots.listed import listed
from siliconbert.report.plots.places import places
from siliconbert.report.plots.plot import Plot
from siliconbert.report.plots.rates import rates
from siliconbert.report.stored import Stored

__all__ = ["Plot", "plots"]


def plots(stored: Stored) -> list[Plot]:
    """All figures that the store has rows for."""
    known = [record for record in stored.records if record.get("accuracy") is not None]
    makers = (rates, listed, places, exits, fronts, energies)
    return [plot for make in makers if known for plot in make(stored, known)]
