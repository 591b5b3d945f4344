"""Beyond EdgeBERT: the thresholds, predictor bias and voltages of least energy, and an oracle's energy."""

from siliconbert.campaign import latency_aware, policy_table
from siliconbert.campaign.outcome import Outcome
from siliconbert.campaign.setup import Call

TASK = "sst2"
MODEL = "edgebert-mini/sst2"
# As Figure 9: SST-2's spans switch seven heads off (Table 1); half of its encoder is pruned (Table 3).
PLAN = latency_aware.Plan(
    accelerator="edgebert-12nm",
    multipliers=16,
    shape="albert-base",
    targets_ms=(50.0, 100.0),
    heads_off=7,
    density=0.5,
)
BUDGETS = policy_table.Budgets(drops=(0.01, 0.02, 0.05), leakage=0.1)


def run(call: Call) -> Outcome:
    return policy_table.run("edgebert/best_policy", call, MODEL, TASK, PLAN, BUDGETS)
