"""EdgeBERT's embedding table in the smallest array that keeps the accuracy, beside the paper's choice."""

from siliconbert.campaign import placement_table
from siliconbert.campaign.outcome import Outcome
from siliconbert.campaign.setup import Call

PLAN = placement_table.Plan(
    model="edgebert-mini/sst2",
    data="sst2",
    tensor="embeddings.word",
    fmt="adaptivfloat8",
    cells=("rram-slc", "rram-mlc2", "rram-mlc3"),
    ecc=("secded-72-64",),
    max_drop=0.01,
    trials=500,
    finalists=4,
    map_trials=10,
)


def run(call: Call) -> Outcome:
    return placement_table.run("edgebert/placement", PLAN.data, call, PLAN)
