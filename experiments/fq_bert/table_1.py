"""FQ-BERT Table I: accuracy in 4-bit weights and 8-bit activations, and how much smaller BERT-base gets."""

from siliconbert import report
from siliconbert.campaign import compression, integer_table
from siliconbert.campaign.outcome import Outcome, Quantity
from siliconbert.campaign.setup import STAND_IN, Call
from siliconbert.models import Integer, Shape

TABLE = "fq_bert/table_1"
RESULTS = report.experiments.results("fq_bert")
# BERT-base (Devlin et al. 2019) with two classes.
BASE = Shape("bert", 30522, 512, 2, 768, 768, 12, 3072, 12, 12, 2)
SEEDS = ("", "-seed2", "-seed3")
PLANS = (
    integer_table.Plan(
        "sst2",
        RESULTS,
        Quantity("sst2", "SST-2 accuracy", "%"),
        {
            "BERT": ["teacher-sst2"],
            "BERT, w8/a8's three seeds": [f"teacher-sst2{seed}" for seed in SEEDS],
            "FQ-BERT": [f"sst2-w4a8{seed}" for seed in SEEDS],
            "FQ-BERT, integer engine": ["sst2-w4a8-engine"],
            "w8/a8": [f"sst2-w8a8{seed}" for seed in SEEDS],
            "w4/a8, calibrated": ["sst2-w4a8-calibrated"],
            "w8/a8, calibrated": ["sst2-w8a8-calibrated"],
        },
        starts={f"sst2-w8a8{seed}": f"teacher-sst2{seed}" for seed in SEEDS},
    ),
    integer_table.Plan(
        "mnli",
        RESULTS,
        Quantity("mnli", "MNLI accuracy, custom split", "%"),
        {
            "BERT": ["teacher-mnli"],
            "FQ-BERT": ["mnli-w4a8"],
            "FQ-BERT, integer engine": ["mnli-w4a8-engine"],
            "w8/a8": ["mnli-w8a8"],
            "w4/a8, calibrated": ["mnli-w4a8-calibrated"],
            "w8/a8, calibrated": ["mnli-w8a8-calibrated"],
        },
    ),
)


def run(call: Call) -> Outcome:
    found = [integer_table.measure(plan) for plan in PLANS if call.data in (None, plan.task)]
    header = [STAND_IN, "accuracy: six layers of width 384 (minilm); MNLI has a custom split and one seed"]
    header += [
        "rows of the integer engine: the first seed's model on integers; the others as training saw them"
    ]
    header += [integer_table.NOTE, *(line for each in found for line in each.header)]
    header += compression.header(BASE, Integer())
    rows = [m for each in found for m in each.measurements]
    return Outcome(TABLE, "*", "model", tuple(header), (*compression.rows(BASE, Integer(), "FQ-BERT"), *rows))
