"""GLUE: our six-layer sentence encoder, fine-tuned at full depth, by every task's official metrics."""

from siliconbert import report
from siliconbert.campaign import glue_table
from siliconbert.campaign.outcome import Outcome
from siliconbert.campaign.setup import Call

TABLE = "edgebert/glue"
# Task -> recipe; the teachers of the exit models serve where there is one.
MODELS = {
    "cola": "glue-cola",
    "sst2": "teacher-sst2",
    "mrpc": "glue-mrpc",
    "stsb": "glue-stsb",
    "qqp": "teacher-qqp",
    "mnli": "teacher-mnli",
    "qnli": "teacher-qnli",
    "rte": "glue-rte",
}


def run(call: Call) -> Outcome:
    return glue_table.run(TABLE, call, report.experiments.results("edgebert"), MODELS)
