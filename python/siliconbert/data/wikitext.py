"""WikiText-2 as language models read it: words, the vocabulary of the training text, windows."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from siliconbert import extras
from siliconbert.data import hub
from siliconbert.text import read_text

Words = NDArray[np.int32]

WINDOW = 35  # words a language model of the paper reads at once
REPOSITORY, CONFIGURATION = "Salesforce/wikitext", "wikitext-2-v1"
UNKNOWN, END = "<unk>", "<eos>"
# The word lists of PyTorch's text tools put these first, used or not; with them the official training text
# has the 28,785 words of Peng et al., ISQED 2021.
SPECIAL = (UNKNOWN, "<pad>", "<sos>", END)
NAMES = ("wikitext2", "wikitext2-split")
# What the tokenizer "basic_english" of those tools does after lower-casing: punctuation stands alone or goes.
_MARKS = str.maketrans({c: f" {c} " for c in "'.,()!?"} | {'"': "", ";": " ", ":": " "})


@dataclass(frozen=True)
class Corpus:
    """A language model's text as word numbers.

    train, held : what it learns from, and what it is judged on
    words       : the vocabulary, by number: SPECIAL, then the training text's words, most frequent first
    provenance  : where the text comes from, and whether the split is a custom one
    """

    name: str
    train: Words
    held: Words
    words: tuple[str, ...]
    provenance: str


def tokenize(lines: Iterable[str]) -> list[str]:
    """The lower-case words of all lines, each line's followed by END.

    >>> tokenize([' It isn\\'t "big" ; 2 @.@ 5 m . ', ""])
    ['it', 'isn', "'", 't', 'big', '2', '@', '.', '@', '5', 'm', '.', '<eos>', '<eos>']
    """
    return [word for line in lines for word in (*line.lower().translate(_MARKS).split(), END)]


def number(name: str, train: Iterable[str], held: Iterable[str], provenance: str) -> Corpus:
    """The corpus of two texts, given as lines; held-out words that the training text lacks are UNKNOWN."""
    learnt = tokenize(train)
    counts = Counter(word for word in learnt if word not in SPECIAL)
    words = SPECIAL + tuple(sorted(counts, key=lambda word: (-counts[word], word)))
    numbers = {word: i for i, word in enumerate(words)}

    def coded(text: list[str]) -> Words:
        return np.array([numbers.get(word, numbers[UNKNOWN]) for word in text], np.int32)

    return Corpus(name, coded(learnt), coded(tokenize(held)), words, provenance)


def windows(words: Words, length: int = WINDOW, offset: int = 0) -> Words:
    """Neighbouring windows of `length` words and the word after each: (count, length + 1).

    A window's row holds the words to read, [:-1], and the words to predict, [1:]. Words before `offset` and
    those that do not fill a last window are left out.

    >>> windows(np.arange(7, dtype=np.int32), 3).tolist()
    [[0, 1, 2, 3], [3, 4, 5, 6]]
    """
    count = (len(words) - offset - 1) // length
    if length < 1 or count < 1:
        raise ValueError(f"windows: length must be in 1..{max(1, len(words) - offset - 1)}, got {length}")
    rows: Words = words[offset + np.arange(count)[:, None] * length + np.arange(length + 1)]
    return rows


def load(name: str, folder: str | Path | None = None) -> Corpus:
    """WikiText-2 by the official split ("wikitext2") or by a custom one ("wikitext2-split").

    wikitext2       : learns from the official training text, is judged on the test text
    wikitext2-split : where the training text is not at hand; learns from the test text and the first half of
                      the validation text's lines, is judged on the second half
    folder          : train.txt, valid.txt and test.txt (or wiki.train.tokens and so on). Without it the first
                      place that has them serves: $SILICONBERT_WIKITEXT, ../shared/wikitext-2, the hub
    errors          : ValueError for an unknown name, or a text found nowhere
    source          : Merity et al., Pointer Sentinel Mixture Models, ICLR 2017
    """
    if name not in NAMES:
        raise ValueError(f"data.wikitext: name must be one of {', '.join(NAMES)}; got '{name}'")
    if name == "wikitext2":
        return number(name, _lines("train", folder), _lines("test", folder), "WikiText-2, official split")
    valid = _lines("valid", folder)
    half = len(valid) // 2
    said = "WikiText-2 (custom split: test text and half the validation text to learn from)"
    return number(name, [*_lines("test", folder), *valid[:half]], valid[half:], said)


def _lines(part: str, folder: str | Path | None) -> list[str]:
    own = os.environ.get("SILICONBERT_WIKITEXT")
    places = [Path(own)] if own else []
    places = [Path(folder)] if folder is not None else [*places, Path("../shared/wikitext-2")]
    for place in places:
        for file in (place / f"{part}.txt", place / f"wiki.{part}.tokens"):
            if file.is_file():
                return read_text(file).removesuffix("\n").split("\n")
    found = _hub(part) if folder is None else None
    if found is None:
        looked = ", ".join(map(str, places)) + (hub.looked() if folder is None else "")
        raise ValueError(f"data.wikitext: the {part} text was not found in {looked}; give its folder")
    return found


def _hub(part: str) -> list[str] | None:
    """The text from the hub; None if `datasets` is not installed or the hub does not answer."""
    if extras.missing("hub", "datasets"):
        return None
    import datasets

    split = {"valid": "validation"}.get(part, part)
    try:
        return list(datasets.load_dataset(REPOSITORY, CONFIGURATION, split=split)["text"])
    except Exception:  # offline, a gateway's page, a moved repository: all mean "not from here"
        return None
