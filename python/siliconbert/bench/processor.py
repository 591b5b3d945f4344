"""Which processor this is, and the class that decides what can be asked of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

# What a class has, in the words of /proc/cpuinfo; the first class whose needs are met is the processor's.
CLASSES = {"A": {"amx_bf16", "amx_int8"}, "B": {"avx512_vnni", "avx512_bf16"}, "C": set[str]()}
MEANING = {"A": "AMX", "B": "AVX-512 with VNNI and BF16", "C": "neither AMX nor AVX-512 BF16"}


@dataclass(frozen=True)
class Processor:
    """Name and class (A, B or C) of a processor."""

    name: str
    kind: str

    def __str__(self) -> str:
        """Name, class, and what the class has."""
        return f"{self.name}, class {self.kind} ({MEANING[self.kind]})"


def parse(cpuinfo: str) -> Processor:
    """The first processor of a /proc/cpuinfo text.

    >>> parse("model name : X\\nflags : sse2 avx512_vnni avx512_bf16").kind
    'B'
    """
    lines = (line.partition(":") for line in cpuinfo.splitlines())
    fields: dict[str, str] = {}
    for key, _, value in lines:
        fields.setdefault(key.strip(), value.strip())
    flags = set(fields.get("flags", "").split())
    kind = next(kind for kind, needs in CLASSES.items() if needs <= flags)
    return Processor(fields.get("model name", "unknown processor"), kind)


def here() -> Processor:
    """This machine's processor."""
    path = Path("/proc/cpuinfo")
    return parse(path.read_text(encoding="utf-8") if path.is_file() else "")
