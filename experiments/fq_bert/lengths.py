"""FQ-BERT's latency over the sentence's length and for other models, outside of what the paper measured."""

from siliconbert.campaign import fq_bert_lengths
from siliconbert.campaign.outcome import Outcome
from siliconbert.campaign.setup import Call

PLAN = fq_bert_lengths.Plan(
    designs={"ZCU102": "fq-bert-zcu102", "ZCU111": "fq-bert-zcu111"},
    shapes=("bert-base", "minilm"),
    lengths=(16, 64, 128, 512),
    measured=128,
)


def run(call: Call) -> Outcome:
    return fq_bert_lengths.run("fq_bert/lengths", PLAN)
