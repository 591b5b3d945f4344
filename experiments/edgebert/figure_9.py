"""EdgeBERT Figure 9: voltage, frequency and energy of latency-aware inference at 50, 75 and 100 ms."""

from siliconbert import report
from siliconbert.campaign import exit_cases, latency_aware, saving_shares
from siliconbert.campaign.outcome import Outcome
from siliconbert.campaign.setup import Call
from siliconbert.hardware import Table

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
# The text splits MNLI's saving; no exits of MNLI are public, only their printed averages.
SHARES = saving_shares.Plan(
    accelerator=PLAN.accelerator,
    multipliers=PLAN.multipliers,
    shape=PLAN.shape,
    target_ms=75.0,
    heads_off=8,
    density=0.5,
    table=Table(rows=30_000, columns=128, density=0.4, width=8),
    beside="mnli, 75 ms",
)

WITH_AUTHORS = True


def run(call: Call) -> Outcome:
    files = report.experiments.load("edgebert/table_3").files()
    found = exit_cases.find(call, MODEL, TASK, DROPS, files, PLAN.shape)
    outcome = latency_aware.run("edgebert/figure_9", TASK, found.source, PLAN, found.cases, found.header)
    return saving_shares.added(outcome, SHARES, report.printed("edgebert/table_3", "mnli", "lai_predicted"))
