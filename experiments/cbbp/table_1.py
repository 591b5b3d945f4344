"""CBBP Table I: resources and latency of every unit on an Alveo U200."""

from siliconbert import report
from siliconbert.campaign import fpga_table
from siliconbert.campaign.outcome import Outcome
from siliconbert.campaign.setup import Call

TABLE = "cbbp/table_1"
ENCODER = ("mm1", "attention", "mm2", "add_norm", "mm3")
PLAN = fpga_table.Plan(
    network="cbbp-wikitext2",
    device="u200",
    parallelism={"mm1": 64, "attention": 8, "mm2": 32, "add_norm": 4, "mm3": 32, "mm4": 256},
    rows={
        "MM1": "mm1",
        "attention": "attention",
        "MM2": "mm2",
        "add-norm 1": "add_norm",
        "MM3": "mm3",
        "add-norm 2": "add_norm",
        "MM4": "mm4",
    },
    stages={"1 encoder": (ENCODER, "encoder 1"), "1 decoder": (("mm4",), "decoder")},
    whole="2 encoders, decoder",
    printed={name: dict(report.printed(TABLE, "*", name)) for name in ("dsp", "ff", "lut")},
    registers={"MM1": "mm2"},
)


def run(call: Call) -> Outcome:
    return fpga_table.run(TABLE, PLAN)
