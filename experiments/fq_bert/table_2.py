"""FQ-BERT Table II: SST-2 accuracy as part after part becomes integers, and with fewer bits."""

from siliconbert import report
from siliconbert.campaign import integer_table
from siliconbert.campaign.outcome import Outcome, Quantity
from siliconbert.campaign.setup import STAND_IN, Call

TABLE = "fq_bert/table_2"
SEEDS = ("", "-seed2", "-seed3")
STEPS = {
    "none": "sst2-fp32",
    "weights + activations": "sst2-w4a8-operands",
    "+ scales": "sst2-w4a8-scales",
    "+ softmax": "sst2-w4a8-softmax",
    "+ layer norm": "sst2-w4a8",
    "everything, w8/a8": "sst2-w8a8",
}
ONE_SEED = {
    "everything, integer engine": "sst2-w4a8-engine",
    "w4/a8, one epoch": "sst2-w4a8-one-epoch",
    "w3/a8, one epoch": "sst2-w3a8-one-epoch",
    "w2/a8, one epoch": "sst2-w2a8-one-epoch",
    "w8/a8, calibrated": "sst2-w8a8-calibrated",
    "w4/a8, calibrated": "sst2-w4a8-calibrated",
    "w3/a8, calibrated": "sst2-w3a8-calibrated",
    "w2/a8, calibrated": "sst2-w2a8-calibrated",
    "w4/a8, largest weight as clip, calibrated": "sst2-w4a8-max-calibrated",
    "w4/a8, largest weight as clip, one epoch": "sst2-w4a8-max",
    "w4/a8, a scale a row, one epoch": "sst2-w4a8-per-channel",
}
PLAN = integer_table.Plan(
    "sst2",
    report.experiments.results("fq_bert"),
    Quantity("accuracy", "SST-2 accuracy", "%"),
    {
        **{row: [f"{name}{seed}" for seed in SEEDS] for row, name in STEPS.items()},
        **{row: [name] for row, name in ONE_SEED.items()},
    },
)
LINES = (
    STAND_IN,
    "six layers of width 384 (minilm); every step starts from the one before, one epoch each",
    "row of the integer engine: the first seed's model on integers; the others as training saw them",
    "`calibrated`: without training; rows of one seed start from the first floating-point run",
)


def run(call: Call) -> Outcome:
    return integer_table.run(TABLE, PLAN, LINES)
