"""Beyond CBBP: stages as a pipeline, one encoder unit for both layers, 16 bits; the best plan for each."""

from siliconbert.campaign import fpga_beyond
from siliconbert.campaign.fpga_beyond import Way
from siliconbert.campaign.outcome import Outcome
from siliconbert.campaign.setup import Call

PLAN = fpga_beyond.Plan(
    network="cbbp-wikitext2",
    device="u200",
    ways=(
        Way("in series", "layers", False, "fp32"),
        Way("pipeline of 3", "layers", True, "fp32"),
        Way("one encoder unit", "reuse", False, "fp32"),
        Way("one encoder unit, pipeline of 2", "reuse", True, "fp32"),
        Way("in series, 16 bits", "layers", False, "fixed16"),
        Way("pipeline of 3, 16 bits", "layers", True, "fixed16"),
        Way("one encoder unit, 16 bits", "reuse", False, "fixed16"),
        Way("one encoder unit, pipeline of 2, 16 bits", "reuse", True, "fixed16"),
    ),
    design={"mm1": 64, "attention": 8, "mm2": 32, "add_norm": 4, "mm3": 32, "mm4": 256},
    name="the paper's design",
)


def run(call: Call) -> Outcome:
    return fpga_beyond.run("cbbp/beyond", PLAN)
