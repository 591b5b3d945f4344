"""Beyond EdgeBERT: the thresholds, predictor bias and voltages of least energy, and an oracle's energy."""

from siliconbert import report
from siliconbert.campaign import policy_table
from siliconbert.campaign.outcome import Outcome
from siliconbert.campaign.setup import Call

TASK = "sst2"
MODEL = "edgebert-mini/sst2"
PLAN = report.experiments.load("edgebert/figure_9").PLAN.at(50.0, 100.0)
BUDGETS = policy_table.Budgets(drops=(0.01, 0.02, 0.05), leakage=0.1)


def run(call: Call) -> Outcome:
    return policy_table.run("edgebert/best_policy", call, MODEL, TASK, PLAN, BUDGETS)
