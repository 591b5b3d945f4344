"""Number formats: values to codes and back.

A format is a frozen description. Until it is fitted (`fit`) its data-dependent parameters, a bias or
scales, are `None`. Values travel as float32; codes as uint8 (widths up to 8) or uint16.
"""

from siliconbert.formats.adaptivfloat import AdaptivFloat
from siliconbert.formats.arrays import decode, encode, fit, quantize
from siliconbert.formats.binary import Binary
from siliconbert.formats.blockfloat import BlockFloat
from siliconbert.formats.catalogue import families, from_record, get, make, names
from siliconbert.formats.codebook import Codebook
from siliconbert.formats.family import Format
from siliconbert.formats.integers import Fixed, Integer
from siliconbert.formats.microscaling import Microscaling
from siliconbert.formats.minifloat import Minifloat
from siliconbert.formats.own import load_formats
from siliconbert.formats.posit import Posit
from siliconbert.formats.search import Ranked, candidates, search

__all__ = [
    "AdaptivFloat",
    "Binary",
    "BlockFloat",
    "Codebook",
    "Fixed",
    "Format",
    "Integer",
    "Microscaling",
    "Minifloat",
    "Posit",
    "Ranked",
    "candidates",
    "decode",
    "encode",
    "families",
    "fit",
    "from_record",
    "get",
    "load_formats",
    "make",
    "names",
    "quantize",
    "search",
]
