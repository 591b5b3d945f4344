"""CBBP Figure 7: accuracy of the next word over prune ratio, for blocks of 16x16 and 4x4."""

from siliconbert import report
from siliconbert.campaign import language_table
from siliconbert.campaign.outcome import Outcome
from siliconbert.campaign.setup import Call

PLAN = language_table.Plan(
    table="cbbp/figure_7",
    ratio=0.9,
    patterns={"16x16 column": "16x16 at 0.9", "4x4 column": "4x4 at 0.9"},
)


def run(call: Call) -> Outcome:
    return language_table.curves(PLAN, call, report.experiments.results("cbbp"))
