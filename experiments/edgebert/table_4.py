"""EdgeBERT Table 4: regulator and clock generator, and what a change of voltage costs a sentence."""

from siliconbert.campaign import regulator
from siliconbert.campaign.outcome import Outcome
from siliconbert.campaign.setup import Call

PLAN = regulator.Plan(
    accelerator="edgebert-12nm", multipliers=16, shape="albert-base", target_ms=50.0, predicted=8
)


def run(call: Call) -> Outcome:
    return regulator.run("edgebert/table_4", PLAN)
