"""EdgeBERT Figure 12: features of Transformer accelerators, and what each saves in our model of EdgeBERT."""

from siliconbert import report
from siliconbert.campaign import features
from siliconbert.campaign.outcome import Outcome
from siliconbert.campaign.setup import Call
from siliconbert.hardware import Table

TABLE = "edgebert/figure_12"
ACCELERATORS = {
    "GOBO": "gobo",
    "Optimus": "optimus",
    "A^3": "a3",
    "SpAtten": "spatten",
    "EdgeBERT": "edgebert",
}
PLAN = features.Plan(
    accelerator="edgebert-12nm",
    multipliers=16,
    shape="albert-base",
    heads_off=8,
    exit_layer=6,
    density=0.5,
    table=Table(rows=30_000, columns=128, density=0.4, width=8),
)


def run(call: Call) -> Outcome:
    marks = {name: report.printed(TABLE, "*", key) for name, key in ACCELERATORS.items()}
    return features.run(TABLE, PLAN, marks)
