"""CBBP, Sec. II and III: what pruned matrices of the paper's sizes take in each storage format."""

from siliconbert.campaign import block_storage
from siliconbert.campaign.outcome import Outcome
from siliconbert.campaign.setup import Call

PLAN = block_storage.Plan(
    shapes={
        "800x800": (800, 800),
        "800x200": (800, 200),
        "200x800": (200, 800),
        "800x28785": (800, 28_785),
    },
    small=("800x800", "800x200", "200x800"),
    swept=(800, 800),
    ratio=0.9,
    block=(16, 16),
    width=16,
    ratios=(0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98),
    blocks=(2, 4, 8, 16, 32, 50),
    widths={4: "int4", 8: "int8", 16: "fp16"},
)


def run(call: Call) -> Outcome:
    return block_storage.run("cbbp/storage", call, PLAN)
