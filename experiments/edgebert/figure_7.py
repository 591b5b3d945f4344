"""EdgeBERT Figure 7: voltage and frequency of one sentence predicted to leave after layer 8 within 50 ms."""

from siliconbert.campaign import voltage
from siliconbert.campaign.outcome import Outcome
from siliconbert.campaign.setup import Call

PLAN = voltage.Plan(
    accelerator="edgebert-12nm",
    multipliers=16,
    shape="albert-base",
    target_ms=50.0,
    predicted=8,
    heads_off=8,
    curves=("alpha-power", "linear", "successor", "proportional"),
    row="predicted exit 8",
)


def run(call: Call) -> Outcome:
    return voltage.run("edgebert/figure_7", PLAN)
