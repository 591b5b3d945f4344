"""EdgeBERT Figure 9: voltage, frequency and energy of latency-aware inference at 50, 75 and 100 ms."""

from siliconbert import report
from siliconbert.campaign import exit_cases, latency_aware
from siliconbert.campaign.outcome import Outcome
from siliconbert.campaign.setup import Call

TASK = "sst2"
MODEL = "edgebert-mini/sst2"
DROPS = (0.01, 0.02, 0.05)
# SST-2's spans switch seven heads off (the paper's Table 1); half of its encoder is pruned (Table 3).
PLAN = latency_aware.Plan(
    accelerator="edgebert-12nm",
    multipliers=16,
    shape="albert-base",
    targets_ms=(50.0, 75.0, 100.0),
    heads_off=7,
    density=0.5,
)


def run(call: Call) -> Outcome:
    files = report.experiments.load("edgebert/table_3").files()
    found = exit_cases.find(call, MODEL, TASK, DROPS, files, PLAN.shape)
    return latency_aware.run("edgebert/figure_9", TASK, found.source, PLAN, found.cases, found.header)
