"""A small Transformer language model, for training only: an encoder, and a decoder onto the vocabulary."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812, the usual name
from torch import Tensor, nn

from siliconbert.models.atomic import placed
from siliconbert.models.huggingface import LANGUAGE_MODEL
from siliconbert.models.jsonfile import read_json
from siliconbert.train import export, shards
from siliconbert.train.network import Network, Shape, Working
from siliconbert.train.next_word import cross_entropy

DECODER = {"decoder.weight": "decoder.weight", "decoder.bias": "decoder.bias"}


class LanguageModel(Network):
    """Reads windows of words and gives, at every place, the logits of the next word.

    causal : whether a place sees only the words up to its own. If not, it sees the word that it is to
             predict: all but a window's last place can copy it
    """

    def __init__(self, shape: Shape, causal: bool):
        """Fresh weights; one type of token, whose embedding is zero, and no exits."""
        super().__init__(shape)
        self.causal = causal
        self.heads = nn.ModuleList()
        self.types = nn.Parameter(torch.zeros(1, shape.embedding), requires_grad=False)
        self.decoder = nn.Linear(shape.width, shape.vocab)

    def _working(self, group: int, length: int, dtype: torch.dtype) -> Working:
        dropout = self.dropout if self.training else 0.0
        return replace(
            super()._working(group, length, dtype), mask=self._mask(length, dtype), dropout=dropout
        )

    def _mask(self, length: int, dtype: torch.dtype) -> Tensor | None:
        if not self.causal:
            return None
        ahead = torch.full((length, length), -math.inf, dtype=dtype, device=self.device)
        return ahead.triu(1)

    def next_words(self, ids: Tensor, dtype: torch.dtype = torch.bfloat16) -> Tensor:
        """Logits (windows, places, words), float32, of windows of word numbers."""
        return F.linear(self._last(ids, dtype), *self._decoder(dtype)).float()

    def loss(
        self, ids: Tensor, wanted: Tensor, smoothing: float, dtype: torch.dtype = torch.bfloat16
    ) -> Tensor:
        """Mean cross-entropy of the words wanted at the places of `ids`, both (windows, places)."""
        last, wanted = self._last(ids, dtype), wanted.to(self.device)
        return cross_entropy(last.flatten(0, 1), *self._decoder(dtype), wanted.flatten(), smoothing)

    def _last(self, ids: Tensor, dtype: torch.dtype) -> Tensor:
        """States before the decoder."""
        ids = ids.to(self.device)
        states = self.hidden(ids, torch.zeros_like(ids), dtype)
        return self.tap("decoder", F.dropout(states[-1], self.dropout, self.training))

    def _decoder(self, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
        return self.effective(self.decoder).to(dtype), self.decoder.bias.to(dtype)


def names(shape: Shape) -> dict[str, str]:
    """Our parameter name -> the name in the file: the encoder's as in transformers, then the decoder's."""
    encoder = {o: theirs for o, theirs in export.names(shape).items() if not o.startswith("heads.")}
    return encoder | DECODER


def config(network: LanguageModel) -> dict[str, Any]:
    """config.json: the encoder's keys, and under LANGUAGE_MODEL what makes it a language model."""
    found = export.config(network)
    found = {key: value for key, value in found.items() if key not in ("num_labels", "id2label", "label2id")}
    return found | {
        "architectures": ["LanguageModel"],
        "type_vocab_size": len(network.types),
        LANGUAGE_MODEL: {"causal": network.causal, "window": network.shape.positions},
    }


def save(network: LanguageModel, words: tuple[str, ...], folder: Path, card: dict[str, Any]) -> None:
    """Writes config.json, model.safetensors, card.json and vocab.txt (a word a line) in one step."""
    with placed(folder) as fresh:
        state = network.state_dict()
        tensors = {theirs: state[ours] for ours, theirs in names(network.shape).items()}
        export.write(fresh, tensors, config(network), card)
        (fresh / "vocab.txt").write_text("\n".join(words) + "\n", encoding="utf-8")


def load(folder: Path) -> LanguageModel:
    """The network in a folder that save() or shards.save() wrote."""
    config = read_json(folder / "config.json")
    settings = config.values.get(LANGUAGE_MODEL)
    if not isinstance(settings, dict):
        raise ValueError(
            f"train: {folder.name} is no language model, its config.json has no {LANGUAGE_MODEL}"
        )
    shape = export.shape_of(config)
    network = LanguageModel(shape, bool(settings["causal"]))
    tensors = shards.read(folder)
    missing = [theirs for theirs in names(shape).values() if theirs not in tensors]
    if missing:
        raise ValueError(f"train: {folder.name} lacks the tensors of {', '.join(missing[:3])}")
    network.load_state_dict({ours: tensors[theirs] for ours, theirs in names(shape).items()})
    return network
