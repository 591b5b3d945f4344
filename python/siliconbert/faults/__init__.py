"""What memory does to stored cells, and what flips in flight.

A fault is a small frozen record: CellMisread, BitFlip, StuckAt, ActivationFlip, or Mixed of them. `inject`
gives one trial's faulty copy of an image or a model.
"""

from siliconbert.faults.activations import ActivationFlip, Fault, Mixed, check_places
from siliconbert.faults.bits import BitFlip, StuckAt
from siliconbert.faults.cells import Cell, cell, names
from siliconbert.faults.inject import expected, inject
from siliconbert.faults.kinds import from_record, kinds, make, to_record
from siliconbert.faults.misread import CellMisread
from siliconbert.faults.own import OwnFault, StoredCells
from siliconbert.faults.user_cells import load_cells

__all__ = [
    "ActivationFlip",
    "BitFlip",
    "Cell",
    "CellMisread",
    "Fault",
    "Mixed",
    "OwnFault",
    "StoredCells",
    "StuckAt",
    "cell",
    "check_places",
    "expected",
    "from_record",
    "inject",
    "kinds",
    "load_cells",
    "make",
    "names",
    "to_record",
]
