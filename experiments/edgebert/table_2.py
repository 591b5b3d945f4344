"""EdgeBERT Table 2: accuracy with the embedding table in ReRAM of one, two and three bits a cell."""

from siliconbert.campaign import footprint, over_tasks, storage_faults
from siliconbert.campaign.outcome import Outcome
from siliconbert.campaign.setup import Call

TASKS = over_tasks.Plan(tasks=("mnli", "qqp", "sst2", "qnli"), families=("edgebert-mini",), default="sst2")
PLAN = storage_faults.Plan(
    tensor="embeddings.word",
    fmt="adaptivfloat8",
    cells=("rram-slc", "rram-mlc2", "rram-mlc3"),
    mask_cell="rram-slc",
)
ALBERT = footprint.Table(rows=30_000, columns=128, density=0.4, width=8)  # of albert-base-v2, 60 % pruned


def run(call: Call) -> Outcome:
    found = storage_faults.run("edgebert/table_2", call, PLAN, TASKS)
    return footprint.add(found, "albert-base table", ALBERT)
