"""EdgeBERT Figure 11: reading the embeddings after power-on, from ReRAM and from DRAM through SRAM."""

from siliconbert import report
from siliconbert.campaign import power_on
from siliconbert.campaign.outcome import Outcome
from siliconbert.campaign.setup import Call
from siliconbert.hardware import Table

TABLE = "edgebert/figure_11"
PLAN = power_on.Plan(
    table=Table(rows=30_000, columns=128, density=0.4, width=8), tokens=128, row="after power-on"
)


def run(call: Call) -> Outcome:
    claims = {name: report.printed(TABLE, "*", name)[0][1] for name in ("energy_ratio", "latency_ratio")}
    return power_on.run(TABLE, PLAN, claims)
