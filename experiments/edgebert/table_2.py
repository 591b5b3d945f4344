"""EdgeBERT Table 2: accuracy with the embedding table in ReRAM of one, two and three bits a cell."""

from siliconbert.campaign import storage_faults
from siliconbert.campaign.outcome import Outcome
from siliconbert.campaign.setup import Call

TASK = "sst2"
MODEL = "edgebert-mini/sst2"
TENSOR = "embeddings.word"
FORMAT = "adaptivfloat8"
CELLS = ("rram-slc", "rram-mlc2", "rram-mlc3")
MASK_CELL = "rram-slc"


def run(call: Call) -> Outcome:
    return storage_faults.run("edgebert/table_2", TASK, call, MODEL, TASK, TENSOR, FORMAT, CELLS, MASK_CELL)
