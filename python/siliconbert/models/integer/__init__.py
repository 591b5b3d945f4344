"""Integer models: what is quantized, how, and what the engine computes with."""

from siliconbert.models.integer.build import build
from siliconbert.models.integer.model import IntegerModel
from siliconbert.models.integer.settings import Integer, integer_places

__all__ = ["Integer", "IntegerModel", "build", "integer_places"]
