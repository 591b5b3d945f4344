"""EdgeBERT Table 1: learned attention span of each head, accuracy with and without, operations saved."""

from siliconbert import report
from siliconbert.campaign import over_tasks, span_table
from siliconbert.campaign.outcome import Outcome
from siliconbert.campaign.setup import Call

TABLE = "edgebert/table_1"
TASKS = over_tasks.Plan(
    tasks=("mnli", "qqp", "sst2", "qnli"), families=("edgebert-mini", "minilm"), default="sst2"
)


def run(call: Call) -> Outcome:
    off = {task: int(report.printed(TABLE, task, "heads_off")[0][1]) for task in TASKS.tasks}
    plan = span_table.Plan(
        reference_shape="albert-base",
        heads_off=off,
        sequence=128,
        folder=report.experiments.results("edgebert"),
        without="-pruned",
        with_="",
    )
    return span_table.run(TABLE, call, TASKS, plan)
