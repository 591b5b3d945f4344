"""FQ-BERT Table III: resources and latency of three designs on two boards."""

from siliconbert.campaign import fq_bert_designs
from siliconbert.campaign.outcome import Outcome
from siliconbert.campaign.setup import Call

PLAN = fq_bert_designs.Plan(
    boards={"ZCU102 total": "zcu102", "ZCU111 total": "zcu111"},
    designs={
        "ZCU102 (8, 16)": "fq-bert-zcu102",
        "ZCU102 (16, 8)": "fq-bert-zcu102-16x8",
        "ZCU111 (16, 16)": "fq-bert-zcu111",
    },
    shape="bert-base",
    sequence=128,
)


def run(call: Call) -> Outcome:
    return fq_bert_designs.run("fq_bert/table_3", PLAN)
