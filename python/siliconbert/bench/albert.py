"""The campaign's peer: a plain PyTorch loop over transformers' ALBERT with a model's weights."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from siliconbert.bench.padded import padded
from siliconbert.bench.peer import PADDED
from siliconbert.models import Model
from siliconbert.models.huggingface import Names
from siliconbert.models.sentences import Tokens
from siliconbert.storage import Image

BATCH = 32


class Albert:
    """AlbertForSequenceClassification; fp32 and padded as the public scripts have it, or at its best.

    best: bf16, sentences sorted by length, each batch padded to its longest
    """

    def __init__(self, model: Model, tokens: Tokens, threads: int, best: bool):
        """Loads the weights of `model`, an ALBERT with a classifier."""
        import torch
        from transformers import AlbertForSequenceClassification

        torch.set_num_threads(threads)
        self._torch = torch
        names = Names(model.shape, "albert.")
        self._name = names.theirs
        self._state = {
            self._name(name): torch.from_numpy(np.array(model.tensors[name]))
            for name in model.shape.tensors(ramps=False)
        }
        self._model: Any = AlbertForSequenceClassification(_config(model)).eval()
        self._model.load_state_dict(self._state)
        if best:
            self._model.to(torch.bfloat16)
        self._order, self._batches = self._padded(tokens, best)
        with torch.inference_mode():
            self._logits(*self._batches[0])  # the first call chooses kernels

    @property
    def name(self) -> str:
        """What runs, in words."""
        return f"transformers on PyTorch {self._torch.__version__}"

    def trial(self, tensor: str, image: Image) -> tuple[float, NDArray[np.float32]]:
        """Seconds and logits (N, classes) of one trial: decode the faulty image, load the weights, run."""
        start = time.perf_counter()
        self._state[self._name(tensor)] = self._torch.from_numpy(image.load())
        self._model.load_state_dict(self._state)
        with self._torch.inference_mode():
            found = self._torch.cat([self._logits(*batch) for batch in self._batches]).float().numpy()
        seconds = time.perf_counter() - start
        logits = np.empty_like(found)
        logits[self._order] = found
        return seconds, logits

    def _logits(self, ids: Any, mask: Any) -> Any:
        return self._model(input_ids=ids, attention_mask=mask).logits

    def _padded(self, tokens: Tokens, best: bool) -> tuple[NDArray[np.int64], list[tuple[Any, Any]]]:
        sentences = [row[:PADDED] for row in np.split(tokens.ids, tokens.offsets[1:-1])]
        order = (
            np.argsort([len(row) for row in sentences], kind="stable") if best else np.arange(len(sentences))
        )
        chosen = [sentences[i] for i in order]
        batches = [chosen[i : i + BATCH] for i in range(0, len(chosen), BATCH)]
        return order, [self._batch(batch, max(map(len, batch)) if best else PADDED) for batch in batches]

    def _batch(self, rows: list[NDArray[np.int32]], width: int) -> tuple[Any, Any]:
        ids, mask = map(self._torch.from_numpy, padded(rows, width))
        return ids, mask


def _config(model: Model) -> Any:
    from transformers import AlbertConfig

    shape = model.shape
    return AlbertConfig(
        vocab_size=shape.vocabulary,
        embedding_size=shape.embedding,
        hidden_size=shape.hidden,
        num_hidden_layers=shape.layers,
        num_hidden_groups=shape.groups,
        num_attention_heads=shape.heads,
        intermediate_size=shape.ffn,
        hidden_act=shape.activation,
        max_position_embeddings=shape.positions,
        type_vocab_size=shape.types,
        layer_norm_eps=shape.epsilon,
        num_labels=shape.classes,
    )
