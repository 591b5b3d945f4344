"""EdgeBERT's headline: energy saved against all layers, early exit and a mobile GPU, and what it rests on."""

from siliconbert import report
from siliconbert.campaign import exit_cases, headline
from siliconbert.campaign.outcome import Outcome
from siliconbert.campaign.setup import Call

TASK = "sst2"
MODEL = "edgebert-mini/sst2"
DROPS = (0.01, 0.02, 0.05)
PLAN = report.experiments.load("edgebert/figure_9").PLAN
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

WITH_AUTHORS = True


def run(call: Call) -> Outcome:
    files = report.experiments.load("edgebert/table_3").files()
    found = exit_cases.find(call, MODEL, TASK, DROPS, files, PLAN.shape)
    return headline.run("edgebert/headline", TASK, found.source, PLAN, VARIANTS, found.cases, found.header)
