"""Rules of early exit beside each other on EdgeBERT's tasks: entropy, confidence, patience, prediction."""

from siliconbert.campaign import exit_rules, over_tasks
from siliconbert.campaign.outcome import Outcome
from siliconbert.campaign.setup import Call

TASKS = over_tasks.Plan(
    tasks=("mnli", "qqp", "sst2", "qnli"), families=("edgebert-mini", "minilm"), default="sst2"
)
PLAN = exit_rules.Plan(drops=(0.01, 0.02, 0.05), firsts=(1, 2, 3))


def run(call: Call) -> Outcome:
    return exit_rules.run("edgebert/exit_rules", call, TASKS, PLAN)
