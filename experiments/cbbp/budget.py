"""Latency against the budget of DSP: the greedy readings of CBBP's scheduler, marginal gains, the optimum."""

from siliconbert.campaign import fpga_sweep
from siliconbert.campaign.outcome import Outcome
from siliconbert.campaign.setup import Call

PLAN = fpga_sweep.Plan(
    network="cbbp-wikitext2",
    device="u200",
    resource="dsp",
    budgets=(
        *(320, 360, 400, 500, 600, 700, 800, 1000, 1200, 1400, 1600, 1800, 2000, 2250, 2500, 2750),
        *(3000, 3368, 3750, 4000, 4500, 5000, 5500, 6000, 6500, 6840),
    ),
    design={"mm1": 64, "attention": 8, "mm2": 32, "add_norm": 4, "mm3": 32, "mm4": 256},
    name="the paper's design",
)


def run(call: Call) -> Outcome:
    return fpga_sweep.run("cbbp/budget", PLAN)
