"""Made-up sentences for distillation: words left out, words replaced by near ones, n-grams alone.

Word dropout and n-grams after Tang et al., Distilling Task-Specific Knowledge from BERT into Simple Neural
Networks (2019), arXiv 1903.12136, section 3.3; where a word there gives way to one of its part of speech, it
gives way to a near one of the teacher's table here. The sentences have no labels but the teacher's logits,
computed with each batch, so that a fresh draw every epoch stores none.

Memory beside the text: one epoch's copies, 8 bytes a token and about 250 a sentence, and at the start
BLOCK x (different words) similarities of 4 bytes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from siliconbert.data import Tokenizer
from siliconbert.train.batches import Texts
from siliconbert.train.extra import UNKNOWN

LONGEST = 5  # words of an n-gram, as in the paper
BLOCK = 1024  # words whose neighbours are looked for at once

Bools = NDArray[np.bool_]
Ints = NDArray[np.integer]


@dataclass(frozen=True)
class Augment:
    """How sentences are made up.

    copies     : made-up sentences for each sentence, in every epoch others
    drop       : chance of a word to be left out
    replace    : chance of a word that is one token to give way to one of its `neighbours` nearest words
    ngram      : chance of a sentence, or of a part of a pair, to shrink to 1 to LONGEST words in a row
    """

    copies: int = 1
    drop: float = 0.1
    replace: float = 0.1
    ngram: float = 0.25
    neighbours: int = 10

    def __post_init__(self) -> None:
        """Refuses what are no chances or counts."""
        chances = (self.drop, self.replace, self.ngram, self.drop + self.replace)
        if min(self.copies, self.neighbours) < 1 or not all(0 <= x <= 1 for x in chances):
            raise ValueError(
                f"train: augment needs copies and neighbours of at least 1 and chances of 0..1, got {self}"
            )


def word_starts(tokenizer: Tokenizer, size: int) -> Bools:
    """Whether a token of the vocabulary begins a word, by the marks of WordPiece or Unigram; (size,)."""
    tokens = [tokenizer.token(i) for i in range(size)]
    if any(token.startswith("\u2581") for token in tokens):
        return np.array([token.startswith("\u2581") for token in tokens])
    return np.array([not token.startswith("##") for token in tokens])


def nearest(table: Tensor, words: Ints, count: int) -> Ints:
    """For each of `words` the `count` others of the largest cosine: (words, count)."""
    count = min(count, len(words) - 1)
    rows = torch.nn.functional.normalize(table.detach().cpu()[torch.from_numpy(words).long()].float(), dim=-1)
    found = []
    for begin in range(0, len(words), BLOCK):
        block = rows[begin : begin + BLOCK] @ rows.T
        block[:, begin:].fill_diagonal_(-2.0)  # not itself
        found.append(block.topk(count, dim=1).indices)
    near: Ints = words[torch.cat(found).numpy()]
    return near


class Augmenter:
    """Draws each epoch's text: the sentences of `texts`, then `copies` made-up ones of each, in their order.

    starts : whether a token begins a word, see word_starts
    table  : the teacher's word table
    """

    def __init__(self, texts: Texts, starts: Bools, table: Tensor, settings: Augment, seed: int):
        """Finds words, parts and neighbours."""
        self.texts, self.settings, self.seed = texts, settings, seed
        self.ids, self.types = np.concatenate(texts.ids), np.concatenate(texts.types)
        self.first = np.cumsum([0, *(len(x) for x in texts.ids[:-1])])
        # Every sentence begins with [CLS] and ends with [SEP], which also stands between the parts of a pair.
        special = np.isin(self.ids, [self.ids[0], self.ids[-1]])
        begins = starts[self.ids] | special | np.r_[True, special[:-1]]
        self.word = np.cumsum(begins) - 1  # of each token
        self.head = np.flatnonzero(begins)  # first token of each word
        self.fixed = special[self.head]
        self.part = np.cumsum(self.fixed) - 1  # of each word: since the special token before it
        self.place = np.arange(len(self.head)) - np.flatnonzero(self.fixed)[self.part] - 1  # in its part
        self.sizes = np.bincount(self.part[~self.fixed], minlength=self.fixed.sum())  # words of each part
        single = np.diff(np.r_[self.head, len(self.ids)]) == 1
        self.single = np.flatnonzero(single & ~self.fixed)
        words = np.unique(self.ids[self.head[self.single]])
        self.near = nearest(table, words, settings.neighbours)
        self.row = np.searchsorted(words, self.ids[self.head[self.single]])  # of each single word, in `near`

    def __call__(self, epoch: int) -> Texts:
        """The text of an epoch, the same for the same seed; made-up sentences are labelled UNKNOWN."""
        ids, types = [*self.texts.ids], [*self.texts.types]
        for copy in range(self.settings.copies):
            made = self._copy(np.random.default_rng((self.seed, epoch, copy)))
            ids += made.ids
            types += made.types
        labels = self.texts.labels
        if labels is not None:
            none = np.full(self.settings.copies * len(labels), UNKNOWN, labels.dtype)
            labels = np.concatenate([labels, none])
        return Texts(ids, types, labels)

    def _copy(self, rng: np.random.Generator) -> Texts:
        ids, chance = self.ids.copy(), rng.random(len(self.head))
        keep = chance >= self.settings.drop
        swap = chance[self.single] < self.settings.drop + self.settings.replace  # those dropped do no harm
        if self.near.shape[1]:
            pick = rng.integers(self.near.shape[1], size=int(swap.sum()))
            ids[self.head[self.single[swap]]] = self.near[self.row[swap], pick]
        keep = (keep & self._grams(rng)) | self.fixed
        left = np.bincount(self.part[keep & ~self.fixed], minlength=len(self.sizes))
        keep |= left[self.part] == 0  # a part that would be empty stays as it was
        tokens = keep[self.word]
        ends = np.cumsum(np.add.reduceat(tokens.astype(np.int64), self.first))
        ids, types = ids[tokens], self.types[tokens]
        cuts = list(zip([0, *ends[:-1].tolist()], ends.tolist(), strict=True))
        return Texts([ids[a:b] for a, b in cuts], [types[a:b] for a, b in cuts])

    def _grams(self, rng: np.random.Generator) -> Bools:
        """Words that stay where parts shrink to n-grams."""
        parts = len(self.sizes)
        cut = rng.random(parts) < self.settings.ngram
        length = np.minimum(rng.integers(1, LONGEST + 1, parts), self.sizes)
        begin = (rng.random(parts) * (self.sizes - length + 1)).astype(np.int64)
        inside = (self.place >= begin[self.part]) & (self.place < (begin + length)[self.part])
        kept: Bools = inside | ~cut[self.part]
        return kept
