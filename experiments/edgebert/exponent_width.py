"""EdgeBERT's search for the exponent bits of 8-bit AdaptivFloat: accuracy and rounding error, 1 to 6."""

from siliconbert.campaign import exponent_width, over_tasks
from siliconbert.campaign.outcome import Outcome
from siliconbert.campaign.setup import Call

TASKS = over_tasks.Plan(
    tasks=("mnli", "qqp", "sst2", "qnli"), families=("edgebert-mini", "minilm"), default="sst2"
)
PLAN = exponent_width.Plan(width=8, exponents=(1, 2, 3, 4, 5, 6))


def run(call: Call) -> Outcome:
    return exponent_width.run("edgebert/exponent_width", call, TASKS, PLAN)
