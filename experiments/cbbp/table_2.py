"""CBBP Table II: latency and throughput of the FPGA beside a CPU and a GPU, and beside this machine's CPU."""

from siliconbert import report
from siliconbert.campaign import fpga_platforms
from siliconbert.campaign.outcome import Outcome
from siliconbert.campaign.setup import Call

TABLE = "cbbp/table_2"
PRINTED = dict(report.printed(TABLE, "*", "latency"))
PLAN = fpga_platforms.Plan(
    network="cbbp-wikitext2",
    device="u200",
    parallelism={"mm1": 64, "attention": 8, "mm2": 32, "add_norm": 4, "mm3": 32, "mm4": 256},
    row="Alveo U200",
    published={row: PRINTED[row] for row in ("Intel i5-5257U", "Jetson TX2")},
    batches=((1, 32), (32, 35)),
    positions=35,
)


def run(call: Call) -> Outcome:
    return fpga_platforms.run(TABLE, call, PLAN)
