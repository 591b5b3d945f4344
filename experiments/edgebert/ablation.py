"""EdgeBERT's optimisations one after the other: accuracy after each, down to faults in eNVM."""

from siliconbert import report
from siliconbert.campaign import ablation, over_tasks, storage_faults
from siliconbert.campaign.outcome import Outcome
from siliconbert.campaign.setup import Call

TASKS = over_tasks.Plan(tasks=("mnli", "qqp", "sst2", "qnli"), families=("edgebert-mini",), default="sst2")
# Row -> what follows the model's name in the files of its twins' predictions.
STEPS = {"none": "-dense", "+ pruning": "-pruned", "+ spans": "", "+ AdaptivFloat": "-adaptivfloat8"}
MEMORY = storage_faults.Plan(
    tensor="embeddings.word", fmt="adaptivfloat8", cells=("rram-mlc2",), mask_cell="rram-slc"
)


def run(call: Call) -> Outcome:
    plan = ablation.Plan(STEPS, "+ faults", MEMORY, report.experiments.results("edgebert"))
    return ablation.run("edgebert/ablation", call, TASKS, plan)
