"""The peer: the loop of EdgeBERT's public evaluation, fp32 transformers, one sentence at a time, padded."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from siliconbert import extras
from siliconbert.bench.padded import padded

PADDED = 128


def require() -> None:
    """ImportError with one sentence where PyTorch or transformers is missing."""
    extras.require("bench", "bench", "torch", "transformers")


def quiet() -> None:
    """A network made from a file that has more than it needs, the ramps, would be told of at length."""
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()


class Peer:
    """transformers' AlbertModel with the weights in `folder`, and the ramps of the same file."""

    def __init__(self, folder: Path, threads: int):
        """Loads the network of `network.write`; errors as in `require`."""
        require()
        import torch
        from safetensors.torch import load_file
        from transformers import AlbertModel

        quiet()
        torch.set_num_threads(threads)
        self._torch = torch
        self._model: Any = AlbertModel.from_pretrained(folder).eval()
        self._tensors = load_file(folder / "model.safetensors")
        self.version = f"transformers on PyTorch {torch.__version__}, fp32, batch 1, padded to {PADDED}"

    def logits(self, sentences: list[list[int]]) -> NDArray[np.float32]:
        """Logits after every layer, (N, layers, classes), each sentence alone and unpadded."""
        with self._torch.inference_mode():
            return np.stack([self._exits(self._torch.tensor([ids])) for ids in sentences])

    def seconds(self, sentences: list[list[int]]) -> float:
        """Time of the loop over the sentences."""
        inputs = [self._padded(ids) for ids in sentences]
        start = time.perf_counter()
        with self._torch.inference_mode():
            for ids, mask in inputs:
                self._model(input_ids=ids, attention_mask=mask)
        return time.perf_counter() - start

    def _exits(self, ids: Any) -> NDArray[np.float32]:
        states = self._model(input_ids=ids, output_hidden_states=True).hidden_states[1:]
        places = [(f"ramps.{i}.pooler", f"ramps.{i}.classifier") for i in range(1, len(states))]
        names = [*places, ("albert.pooler", "classifier")]
        rows = [self._head(state[0, 0], *pair) for state, pair in zip(states, names, strict=True)]
        return np.asarray(self._torch.stack(rows).numpy())

    def _head(self, state: Any, pooler: str, classifier: str) -> Any:
        pooled = self._torch.tanh(self._linear(pooler, state))
        return self._linear(classifier, pooled)

    def _linear(self, name: str, x: Any) -> Any:
        return self._tensors[f"{name}.weight"] @ x + self._tensors[f"{name}.bias"]

    def _padded(self, ids: list[int]) -> tuple[Any, Any]:
        filled, mask = map(self._torch.from_numpy, padded([ids[:PADDED]], PADDED))
        return filled, mask
