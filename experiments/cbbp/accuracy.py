"""CBBP, Sec. V-A: what is left of the language model's accuracy after pruning at 0.9, in each pattern."""

from siliconbert import report
from siliconbert.campaign import language_table
from siliconbert.campaign.outcome import Outcome
from siliconbert.campaign.setup import Call

PLAN = language_table.Plan(
    table="cbbp/accuracy",
    ratio=0.9,
    patterns={"16x16 column": "16x16 at 0.9", "4x4 column": "4x4 at 0.9"},
)


def run(call: Call) -> Outcome:
    return language_table.comparison(PLAN, call, report.experiments.results("cbbp"))
