"""EdgeBERT Figure 10: where a layer's time and energy and the accelerator's area go."""

from siliconbert.campaign import breakdown
from siliconbert.campaign.outcome import Outcome
from siliconbert.campaign.setup import Call

PLAN = breakdown.Plan(accelerator="edgebert-12nm", multipliers=16, shape="albert-base")


def run(call: Call) -> Outcome:
    return breakdown.run("edgebert/figure_10", PLAN)
