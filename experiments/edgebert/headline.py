"""EdgeBERT's headline: energy saved against all layers, early exit and a mobile GPU, and what it rests on."""

from siliconbert import report
from siliconbert.campaign import exit_cases, headline, latency_aware
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
VARIANTS = headline.Variants(
    changes={
        "curve linear": {"frequency_curve": "linear"},
        "curve successor": {"frequency_curve": "successor"},
        "curve proportional": {"frequency_curve": "proportional"},
        "linear regulator": {"regulator": "linear"},
        "SFU hidden": {"sfu_overlap": 1.0},
    },
    leakage={"leakage 10 %": 0.1, "leakage 30 %": 0.3},
    processor="tx2",
)


def files() -> exit_cases.Files:
    ee, lai = (report.printed("edgebert/table_3", TASK, name) for name in ("ee_threshold", "lai_threshold"))
    return exit_cases.Files("dataset_sst2_eval.txt", "sst2_lookup_table_opt.csv", ee, lai, last_ramp=10)


def run(call: Call) -> Outcome:
    found = exit_cases.find(call, MODEL, TASK, DROPS, files(), PLAN.shape)
    return headline.run("edgebert/headline", TASK, found.source, PLAN, VARIANTS, found.cases, found.header)
