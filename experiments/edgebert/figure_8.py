"""EdgeBERT Figure 8: latency and energy over the size of the array, with spans and sparsity, beside a TX2."""

from siliconbert.campaign import sizes
from siliconbert.campaign.outcome import Outcome
from siliconbert.campaign.setup import Call

# Heads off by the learned spans (the paper's Table 1) and pruned share of the encoder, % (Table 3).
PLAN = sizes.Plan(
    accelerator="edgebert-12nm",
    sizes=(4, 8, 16, 32),
    best=16,
    shape="albert-base",
    tasks={
        "mnli": sizes.Task(heads_off=8, sparsity=50),
        "qqp": sizes.Task(heads_off=8, sparsity=80),
        "sst2": sizes.Task(heads_off=7, sparsity=50),
        "qnli": sizes.Task(heads_off=7, sparsity=60),
    },
    processor="tx2",
)


def run(call: Call) -> Outcome:
    return sizes.run("edgebert/figure_8", PLAN)
