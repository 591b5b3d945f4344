"""FQ-BERT Table IV: latency, power and sentences a second and watt beside a CPU and a GPU."""

from siliconbert.campaign import fq_bert_platforms
from siliconbert.campaign.outcome import Outcome
from siliconbert.campaign.setup import Call

PLAN = fq_bert_platforms.Plan(
    processors={"CPU": "i7-8700", "GPU": "k80"},
    designs={"ZCU102": "fq-bert-zcu102", "ZCU111": "fq-bert-zcu111"},
    shape="bert-base",
    sequence=128,
)


def run(call: Call) -> Outcome:
    return fq_bert_platforms.run("fq_bert/table_4", PLAN)
