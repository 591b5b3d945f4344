"""The peers of `bench trace` at their best: batches of 32, sorted by length, each padded to its longest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from siliconbert.bench import peer
from siliconbert.bench.onnx_network import Onnx
from siliconbert.bench.padded import Classifier, Padded, padded, seconds

BATCH = 32
# Largest difference of the last exit's logits from ours in fp32, of the largest; a random network in int8 is
# coarser than a trained one.
LARGEST_DIFFERENCES = {"fp32": 1e-5, "bf16": 0.1, "int8": 0.25}


class Torch:
    """transformers' AlbertForSequenceClassification on PyTorch."""

    def __init__(self, folder: Path, threads: int, number: str, compiled: bool):
        """Loads the network of `network.write` in `number` ("fp32" or "bf16")."""
        import torch

        torch.set_num_threads(threads)
        self._torch = torch
        self._network = network(folder).to(torch.bfloat16 if number == "bf16" else torch.float32)
        if compiled:
            self._network = torch.compile(self._network, dynamic=True)
        self.version = f"PyTorch {torch.__version__}"

    def logits(self, batch: Padded) -> NDArray[np.float32]:
        """(sentences, classes)."""
        ids, mask = map(self._torch.from_numpy, batch)
        with self._torch.inference_mode():
            return np.asarray(self._network(input_ids=ids, attention_mask=mask).logits.float().numpy())


def network(folder: Path, attention: str = "sdpa") -> Any:
    """The network of `network.write`; `attention` is transformers' word for how it is computed."""
    from transformers import AlbertForSequenceClassification

    peer.quiet()
    return AlbertForSequenceClassification.from_pretrained(folder, attn_implementation=attention).eval()


def _onnx(folder: Path, threads: int, number: str) -> Onnx:
    files = folder / f"onnx-{number}"
    files.mkdir()
    return Onnx(network(folder, "eager"), threads, files, number == "int8")


class Peers:
    """Those that run here; the number that each computes in is the second word of its name."""

    def __init__(self, folder: Path, threads: int, batches: Sequence[Padded]):
        """Builds each and runs all batches once; one that fails here is left out and said to be."""
        makers: dict[str, Callable[[], Classifier]] = {}
        for number in ("fp32", "bf16"):
            makers[f"PyTorch {number}"] = partial(Torch, folder, threads, number, False)
            makers[f"PyTorch {number}, compiled"] = partial(Torch, folder, threads, number, True)
        for number in ("fp32", "int8"):
            makers[f"ONNX Runtime {number}"] = partial(_onnx, folder, threads, number)
        self._batches = batches
        self._running: dict[str, Classifier] = {}
        self.left_out: list[str] = []
        for name, make in makers.items():
            try:
                running = make()
                seconds(running, batches)
                self._running[name] = running
            except Exception as error:  # of a compiler that is missing, say: every library has its own
                self.left_out.append(f"left out: {name} ({_first_line(error)})")

    @property
    def names(self) -> list[str]:
        """Of those that run."""
        return list(self._running)

    @property
    def versions(self) -> list[str]:
        """Of their libraries."""
        return sorted({running.version for running in self._running.values()})

    def seconds(self, name: str) -> float:
        """Time of all batches, one after the other."""
        return seconds(self._running[name], self._batches)

    def check(self, sentences: list[list[int]], expected: NDArray[np.float32]) -> str:
        """RuntimeError where a peer's logits are not those of ours in fp32, (sentences, classes)."""
        worst = {}
        for name, running in self._running.items():
            apart = running.logits(padded(sentences)) - expected
            worst[name] = float(np.abs(apart).max() / np.abs(expected).max())
            most = LARGEST_DIFFERENCES[number_of(name)]
            if not worst[name] <= most:
                raise RuntimeError(
                    f"bench: logits of {name} must be within {most} of ours in fp32, got {worst[name]:.1e}"
                )
        return ", ".join(f"{name} {apart:.0e}" for name, apart in worst.items())


def number_of(name: str) -> str:
    """What a peer computes in.

    >>> number_of("ONNX Runtime int8"), number_of("PyTorch bf16, compiled")
    ('int8', 'bf16')
    """
    return name.partition(",")[0].rpartition(" ")[2]


def batches(sentences: list[list[int]]) -> list[Padded]:
    """As said above."""
    ordered = sorted(sentences, key=len)
    return [padded(ordered[i : i + BATCH]) for i in range(0, len(ordered), BATCH)]


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:150]
