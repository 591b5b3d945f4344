"""Makes sst2_overlap.txt: `python -m siliconbert.data.overlap [GLUE_FOLDER]`, where SST-2 is at hand."""

from __future__ import annotations

import sys

from siliconbert import data
from siliconbert.data import vader

HEADER = "# made by: python -m siliconbert.data.overlap (SHA-256, 16 digits, of snippets that SST-2 holds)"


def keys(folder: str | None = None) -> list[str]:
    """Hashes of the snippets whose letters and digits equal those of an SST-2 train or dev text."""
    held = {
        vader.key(str(text))
        for split in ("train", "dev")
        for text in data.load("sst2", split, folder).sentences
    }
    return sorted({vader.key(text) for _, text in vader.snippets(data.get("vader-amazon"))} & held)


if __name__ == "__main__":
    found = keys(sys.argv[1] if len(sys.argv) > 1 else None)
    vader.OVERLAP.write_text("\n".join([HEADER, *found]) + "\n")
    print(f"{len(found)} snippets")
