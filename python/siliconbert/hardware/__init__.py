"""What running costs: counts, cycles, seconds and joules of EdgeBERT's accelerator, sentence by sentence."""

from siliconbert.hardware.accelerator import Accelerator, accelerator, names
from siliconbert.hardware.costs import Cost, Run, Segment
from siliconbert.hardware.shapes import Shape, shape

__all__ = ["Accelerator", "Cost", "Run", "Segment", "Shape", "accelerator", "names", "shape"]
