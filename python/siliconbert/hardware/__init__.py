"""What running costs: counts, cycles, seconds and joules of EdgeBERT's accelerator, sentence by sentence;
latency and resources of FQ-BERT's and of block-sparse Transformers on FPGAs."""

from siliconbert.hardware import fixed_point, fpga
from siliconbert.hardware.accelerator import Accelerator, accelerator, names
from siliconbert.hardware.bim import bim
from siliconbert.hardware.calibration import Calibration
from siliconbert.hardware.costs import Cost, Run, Segment, Timeline
from siliconbert.hardware.counting import Counts, count
from siliconbert.hardware.devices import Device, device, devices, load_devices, shell
from siliconbert.hardware.exploration import ExitStatistics, Exploration, explore
from siliconbert.hardware.fpga import FpgaModel, FpgaOperator
from siliconbert.hardware.fq_bert import FqBert, Inference
from siliconbert.hardware.fq_bert_fit import FqBertFit
from siliconbert.hardware.fq_bert_grid import FqBertGrid, fq_bert_grid
from siliconbert.hardware.memories import Array, Dram, Transfer, memories, memory
from siliconbert.hardware.own import load_accelerators, load_memories
from siliconbert.hardware.power_on import Memories, PowerOn, Table, from_dram_only, power_on
from siliconbert.hardware.processors import Processor, processor, processors
from siliconbert.hardware.shapes import Shape, shape
from siliconbert.hardware.work import Density, densities

__all__ = [
    "Accelerator",
    "Array",
    "Calibration",
    "Cost",
    "Counts",
    "Density",
    "Device",
    "Dram",
    "ExitStatistics",
    "Exploration",
    "FpgaModel",
    "FpgaOperator",
    "FqBert",
    "FqBertFit",
    "FqBertGrid",
    "Inference",
    "Memories",
    "PowerOn",
    "Processor",
    "Run",
    "Segment",
    "Shape",
    "Table",
    "Timeline",
    "Transfer",
    "accelerator",
    "bim",
    "count",
    "densities",
    "device",
    "devices",
    "explore",
    "fixed_point",
    "fpga",
    "fq_bert_grid",
    "from_dram_only",
    "load_accelerators",
    "load_devices",
    "load_memories",
    "memories",
    "memory",
    "names",
    "power_on",
    "processor",
    "processors",
    "shape",
    "shell",
]
