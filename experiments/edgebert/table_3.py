"""EdgeBERT Table 3: exit layers, thresholds and energy at 1, 2 and 5 points of accuracy drop."""

from siliconbert import report
from siliconbert.campaign import authors, exit_table, over_tasks
from siliconbert.campaign.outcome import Outcome
from siliconbert.campaign.setup import Call

TABLE = "edgebert/table_3"
TASKS = over_tasks.Plan(
    tasks=("mnli", "qqp", "sst2", "qnli"), families=("edgebert-mini", "minilm"), default="sst2"
)
DROPS = (0.01, 0.02, 0.05)
TARGET_MS = 50.0
ACCELERATOR = "edgebert-12nm"
MULTIPLIERS = 16
REFERENCE_SHAPE = "albert-base"
# The authors' own files, of one task, and the layer up to which their code follows a prediction.
AUTHORS_TASK = "sst2"
ENTROPIES = "dataset_sst2_eval.txt"
LUT = "sst2_lookup_table_opt.csv"
LAST_RAMP = 10

WITH_AUTHORS = True


def files() -> authors.Files:
    ee, lai = (report.printed(TABLE, AUTHORS_TASK, name) for name in ("ee_threshold", "lai_threshold"))
    return authors.Files(ENTROPIES, LUT, ee, lai, LAST_RAMP)


def run(call: Call) -> Outcome:
    if call.authors is not None:
        return authors.run(TABLE, AUTHORS_TASK, call.authors, files())
    plan = exit_table.Plan(DROPS, ACCELERATOR, MULTIPLIERS, TARGET_MS, REFERENCE_SHAPE)
    return exit_table.run(TABLE, call, TASKS, plan)
