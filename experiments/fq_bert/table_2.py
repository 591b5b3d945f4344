"""FQ-BERT Table II: SST-2 accuracy as part after part becomes integers, and with fewer bits."""

from siliconbert import report
from siliconbert.campaign import integer_table
from siliconbert.campaign.outcome import Outcome, Quantity
from siliconbert.campaign.setup import STAND_IN, Call

TABLE = "fq_bert/table_2"
SEEDS = ("", "-seed2", "-seed3")
# Every seed of w8/a8 has a floating-point run of its own: one run's luck is near what 8 bits cost.
STARTS = {f"sst2-w8a8{seed}": f"teacher-sst2{seed}" for seed in SEEDS}
STEPS = {
    "weights + activations": "sst2-w4a8-operands",
    "+ scales": "sst2-w4a8-scales",
    "+ softmax": "sst2-w4a8-softmax",
    "+ layer norm": "sst2-w4a8",
    "everything, w8/a8": "sst2-w8a8",
}
SHORT = {
    "weights + activations, short": "sst2-short-operands",
    "+ scales, short": "sst2-short-scales",
    "+ softmax, short": "sst2-short-softmax",
    "+ layer norm, short": "sst2-short",
    "everything, w8/a8, short": "sst2-short-w8a8",
}
ONE_SEED = {
    "everything, integer engine": "sst2-w4a8-engine",
    "w4/a8, one epoch": "sst2-w4a8-one-epoch",
    "w3/a8, one epoch": "sst2-w3a8-one-epoch",
    "w2/a8, one epoch": "sst2-w2a8-one-epoch",
    "w4/a8, largest weight as clip, one epoch": "sst2-w4a8-max",
    "w4/a8, a scale a row, one epoch": "sst2-w4a8-per-channel",
}
CALIBRATED = {
    "w8/a8, calibrated": "sst2-w8a8-calibrated",
    "w4/a8, calibrated": "sst2-w4a8-calibrated",
    "w3/a8, calibrated": "sst2-w3a8-calibrated",
    "w2/a8, calibrated": "sst2-w2a8-calibrated",
    "w4/a8, weights + activations, calibrated": "sst2-w4a8-operands-calibrated",
    "w4/a8, + scales, calibrated": "sst2-w4a8-scales-calibrated",
    "w4/a8, + softmax, calibrated": "sst2-w4a8-softmax-calibrated",
    "w4/a8, a scale a row, calibrated": "sst2-w4a8-per-channel-calibrated",
    "w8/a8, largest weight as clip, calibrated": "sst2-w8a8-max-calibrated",
    "w4/a8, largest weight as clip, calibrated": "sst2-w4a8-max-calibrated",
    "w3/a8, largest weight as clip, calibrated": "sst2-w3a8-max-calibrated",
    "w2/a8, largest weight as clip, calibrated": "sst2-w2a8-max-calibrated",
}
PLAN = integer_table.Plan(
    "sst2",
    report.experiments.results("fq_bert"),
    Quantity("accuracy", "SST-2 accuracy", "%"),
    {
        "none": ["teacher-sst2"],
        "none, three seeds": [f"teacher-sst2{seed}" for seed in SEEDS],
        **{row: [f"{name}{seed}" for seed in SEEDS] for row, name in STEPS.items()},
        **{row: [name] for row, name in {**SHORT, **ONE_SEED, **CALIBRATED}.items()},
    },
    {
        "weights + activations, short": "weights + activations",
        "+ scales, short": "+ scales",
        "+ softmax, short": "+ softmax",
        "+ layer norm, short": "+ layer norm",
    },
    STARTS,
)
LINES = (
    STAND_IN,
    "six layers of width 384 (minilm); every step starts from the one before, one epoch each; w8/a8: three,",
    "every seed from a floating-point run of its own (`none, three seeds`); all else from the first (`none`)",
    "`short`: 40 to 50 batches of 1500 tokens a step, a fifteenth of an epoch; `calibrated`: not trained",
    "both, and the row of the integer engine, are computed on integers; rows of epochs as training saw them",
)


def run(call: Call) -> Outcome:
    return integer_table.run(TABLE, PLAN, LINES)
