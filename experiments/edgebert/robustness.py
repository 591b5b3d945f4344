"""Early exit under attack: accuracy by layer and where sentences leave, on dev and on changed text."""

from siliconbert.campaign import robustness
from siliconbert.campaign.outcome import Outcome
from siliconbert.campaign.robustness import Case
from siliconbert.campaign.setup import Call

TABLE = "edgebert/robustness"
MAX_DROP = 0.01
MNLI = ("advglue-mnli", "advglue-mnli-mismatched", "textfooler-mnli")
CASES = tuple(
    Case(f"{family}/{model}", task, attacks)
    for family in ("edgebert-mini", "minilm")
    for model, task, attacks in (
        ("sst2", "sst2", ("advglue-sst2",)),
        ("qqp-split", "qqp", ("advglue-qqp", "paws-qqp")),
        ("qnli-split", "qnli", ("advglue-qnli",)),
        ("mnli-split", "mnli", MNLI),
    )
)


def run(call: Call) -> Outcome:
    return robustness.run(TABLE, call, CASES, MAX_DROP)
