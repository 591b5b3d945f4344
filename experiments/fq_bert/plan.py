"""FQ-BERT's accelerator planned by the scheduler: is a design better than the paper's on the same boards?"""

from siliconbert.campaign import fq_bert_plan
from siliconbert.campaign.outcome import Outcome
from siliconbert.campaign.setup import Call

PLAN = fq_bert_plan.Plan(
    boards={"ZCU102": "fq-bert-zcu102", "ZCU111": "fq-bert-zcu111"},
    shares=(0.9, 1.0),
    pus=(12, *range(1, 12), *range(13, 25)),
    pes=range(1, 33),
    multipliers=range(2, 33, 2),
    seen=range(8, 17),
    shape="bert-base",
    sequence=128,
)


def run(call: Call) -> Outcome:
    return fq_bert_plan.run("fq_bert/plan", PLAN)
