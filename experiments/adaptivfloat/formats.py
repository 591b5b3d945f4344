"""AdaptivFloat's table of formats: accuracy of a trained network whose weights are rounded to 4..16 bits."""

from siliconbert.campaign import format_accuracy
from siliconbert.campaign.outcome import Outcome
from siliconbert.campaign.setup import Call

TABLE = "adaptivfloat/formats"
PUBLISHED_TASK = "wmt17-en-de"
MODELS = ("edgebert-mini/sst2", "minilm/sst2")
DATA = "sst2"
WIDTHS = (16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4)
QUICK_MODELS = ("edgebert-mini/sst2",)
QUICK_WIDTHS = (6, 4)
# The paper's columns as our families; each has its best split at every width, one for the whole model.
FAMILIES = {
    "float": {"family": "minifloat", "scaled": False},
    "blockfloat": {"family": "blockfloat"},
    "integer": {"family": "integer", "symmetric": True},
    "posit": {"family": "posit"},
    "adaptivfloat": {"family": "adaptivfloat"},
}


def run(call: Call) -> Outcome:
    models, widths = (QUICK_MODELS, QUICK_WIDTHS) if call.quick else (MODELS, WIDTHS)
    plan = format_accuracy.Plan(models, widths, FAMILIES)
    return format_accuracy.run(TABLE, PUBLISHED_TASK, call, DATA, plan)
