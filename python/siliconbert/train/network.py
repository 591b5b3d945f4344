"""A small BERT/ALBERT with an exit after every layer, for training only.

Batches hold sentences of one length, so there is no padding and no mask. Master weights are float32; once a
step they are turned into the working weights (pruned, fake-quantized, cast to `dtype`) that the pure function
`_layer` reads: an ALBERT pays for that once, not once a layer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F  # noqa: N812, the usual name
from torch import Tensor, nn

from siliconbert.train.spans import Spans

if TYPE_CHECKING:
    from siliconbert.train.integer import Integers

EPS = 1e-12  # layer norm, the value of the published BERT and ALBERT configurations
GELU = {"gelu": "none", "gelu_new": "tanh", "relu": "relu"}  # by erf, by tanh; the last is no gelu
MATRICES = ("query", "key", "value", "output", "up", "down")

Tap = Callable[
    [str, Tensor], Tensor
]  # sees every operand of a product; used to calibrate and to fake-quantize


def untouched(name: str, x: Tensor) -> Tensor:
    """The tap that does nothing."""
    return x


def master(product: nn.Linear) -> Tensor:
    """The weight of a product as it is."""
    return product.weight


def whole(table: Tensor) -> Tensor:
    """The word table as it is."""
    return table


@dataclass(frozen=True)
class Shape:
    """Sizes; `model_type` is "bert" (own weights a layer) or "albert" (one set, factorised embedding).

    activation : one of GELU
    """

    model_type: str
    layers: int
    width: int = 384
    heads: int = 12
    ffn: int = 1536
    embedding: int = 384
    vocab: int = 30522
    positions: int = 512
    labels: int = 2
    activation: str = "gelu"


class Layer(nn.Module):
    """Master weights of one encoder layer."""

    def __init__(self, shape: Shape):
        """Fresh weights."""
        super().__init__()
        d, f = shape.width, shape.ffn
        self.query, self.key, self.value, self.output = (nn.Linear(d, d) for _ in range(4))
        self.up, self.down = nn.Linear(d, f), nn.Linear(f, d)
        self.norm1, self.norm2 = nn.LayerNorm(d, EPS), nn.LayerNorm(d, EPS)

    def working(
        self, effective: Callable[[nn.Linear], Tensor], dtype: torch.dtype, scale: Tensor | None
    ) -> tuple[Tensor, ...]:
        """The tensors `_layer` reads, cast to `dtype`.

        scale : of every feature of the context; features with 0 belong to heads that are off and are left out
        """
        three = (self.query, self.key, self.value)
        weights, biases = [effective(m) for m in three], [m.bias for m in three]
        mixing = effective(self.output)
        if scale is not None:
            on = torch.nonzero(scale).flatten()
            weights, biases = [w[on] for w in weights], [b[on] for b in biases]
            mixing = mixing[:, on] * scale[on]
        tensors = [torch.cat(weights), torch.cat(biases), mixing, self.output.bias]
        tensors += [self.norm1.weight, self.norm1.bias, effective(self.up), self.up.bias]
        tensors += [effective(self.down), self.down.bias, self.norm2.weight, self.norm2.bias]
        return tuple(t.to(dtype) for t in tensors)


@dataclass(frozen=True)
class Working:
    """What one weight set works with during a step: its tensors, and the windows of its heads if any.

    mask    : added to the scores of attention, (queries, keys)
    dropout : rate, of probabilities, of activated neurons and of what is added to the hidden states
    """

    tensors: tuple[Tensor, ...]
    windows: Tensor | None = None
    renormalise: bool = True
    mask: Tensor | None = None
    dropout: float = 0.0


def _layer(x: Tensor, working: Working, size: int, tap: Tap, gelu: str) -> Tensor:
    wqkv, bqkv, wo, bo, g1, h1, wu, bu, wd, bd, g2, h2 = working.tensors
    d = x.shape[-1]
    x, y = tap("input", x), bo
    if len(wqkv):
        qkv = F.linear(x, wqkv, bqkv).unflatten(-1, (3, -1, size)).permute(2, 0, 3, 1, 4)
        y = F.linear(tap("context", _context(qkv, working, tap)), wo, bo)
    x = F.layer_norm(x + F.dropout(y, working.dropout), (d,), g1, h1, EPS)
    f = F.linear(tap("middle", x), wu, bu)
    f = F.relu(f) if gelu == "relu" else F.gelu(f, approximate=gelu)
    y = F.linear(tap("activated", F.dropout(f, working.dropout)), wd, bd)
    return F.layer_norm(x + F.dropout(y, working.dropout), (d,), g2, h2, EPS)


def _context(qkv: Tensor, working: Working, tap: Tap) -> Tensor:
    q, k, v = (tap(name, t) for name, t in zip(("query", "key", "value"), qkv.unbind(0), strict=True))
    # Plain products: the fused attention kernel's backward pass is eight times slower on short sentences.
    scores = torch.matmul(q, k.transpose(-1, -2)) * q.shape[-1] ** -0.5
    p = torch.softmax(scores if working.mask is None else scores + working.mask, -1)
    p = F.dropout(p, working.dropout)
    if working.windows is not None:
        p = p * working.windows
        if working.renormalise:
            p = p / (p.sum(-1, keepdim=True) + 1e-8)
    return torch.matmul(tap("probabilities", p), v).transpose(1, 2).flatten(2)


class Head(nn.Module):
    """An exit on token 0: dense + tanh and a classifier as in DeeBERT, or the classifier alone ("linear")."""

    def __init__(self, width: int, labels: int, kind: str = "deebert"):
        """Fresh weights."""
        super().__init__()
        self.pooler = nn.Linear(width, width) if kind == "deebert" else None
        self.classifier = nn.Linear(width, labels)

    def forward(
        self,
        first: Tensor,
        tap: Tap = untouched,
        effective: Callable[[nn.Linear], Tensor] = master,
    ) -> Tensor:
        """Logits (n, classes) from token-0 states (n, width)."""
        x = tap("first", first)
        if self.pooler is not None:
            x = tap("pooled", torch.tanh(F.linear(x, effective(self.pooler), self.pooler.bias)))
        return F.linear(x, effective(self.classifier), self.classifier.bias)


class Network(nn.Module):
    """Embeddings, encoder, one head a layer; `heads[-1]` is the main classifier, the others are the ramps."""

    def __init__(self, shape: Shape):
        """Fresh weights."""
        super().__init__()
        self.shape = shape
        self.word = nn.Parameter(torch.randn(shape.vocab, shape.embedding) * 0.02)
        self.position = nn.Parameter(torch.randn(shape.positions, shape.embedding) * 0.02)
        self.types = nn.Parameter(torch.zeros(2, shape.embedding))
        self.norm = nn.LayerNorm(shape.embedding, EPS)
        self.mapping = nn.Linear(shape.embedding, shape.width) if shape.model_type == "albert" else None
        own = 1 if shape.model_type == "albert" else shape.layers
        self.layers = nn.ModuleList(Layer(shape) for _ in range(own))
        self.heads = nn.ModuleList(Head(shape.width, shape.labels) for _ in range(shape.layers))
        self.spans: Spans | None = None
        self.integers: Integers | None = None
        # Pruning and fake quantization put their own functions here.
        self.effective: Callable[[nn.Linear], Tensor] = master
        self.table: Callable[[Tensor], Tensor] = whole
        self.tap: Tap = untouched
        self.dropout = 0.0
        self.classes: tuple[str, ...] = ()  # names of the outputs; none where no task has been learnt

    @property
    def device(self) -> torch.device:
        """Where the weights lie; batches follow them there."""
        return self.word.device

    def fits(self, classes: tuple[str, ...]) -> bool:
        """Whether the heads' outputs are these classes, as far as their names are known."""
        return len(classes) == self.shape.labels and self.classes in ((), classes)

    def begin(self, classes: tuple[str, ...], middle: float = 0.0) -> None:
        """Fresh heads with these outputs, `middle` added to each."""
        self.shape, self.classes = replace(self.shape, labels=len(classes)), classes
        self.heads = nn.ModuleList(Head(self.shape.width, len(classes)) for _ in self.heads).to(self.device)
        for head in self.heads:
            nn.init.constant_(head.classifier.bias, middle)

    @property
    def gelu(self) -> str:
        """How the activation is approximated, as PyTorch calls it."""
        return GELU[self.shape.activation]

    @property
    def ramps(self) -> str:
        """Kind of the exits before the last."""
        linear = len(self.heads) > 1 and self.heads[0].pooler is None
        return "linear" if linear else "deebert"

    def begin_ramps(self, kind: str) -> None:
        """Fresh exits before the last, where they are of another kind."""
        if kind != self.ramps:
            ramps = [Head(self.shape.width, self.shape.labels, kind) for _ in self.heads[:-1]]
            self.heads = nn.ModuleList([*ramps, self.heads[-1]]).to(self.device)

    def embed(self, ids: Tensor, types: Tensor, dtype: torch.dtype) -> Tensor:
        """Layer 0: (n, length, width)."""
        ids, types = ids.to(self.device), types.to(self.device)
        x = (
            F.embedding(ids, self.table(self.word))
            + self.position[: ids.shape[1]]
            + F.embedding(types, self.types)
        )
        x = F.dropout(self.norm(x), self.dropout, self.training).to(dtype)
        if self.mapping is None:
            return x
        return F.linear(
            self.tap("embedding", x), self.effective(self.mapping).to(dtype), self.mapping.bias.to(dtype)
        )

    def hidden(self, ids: Tensor, types: Tensor, dtype: torch.dtype = torch.bfloat16) -> list[Tensor]:
        """Hidden states of layers 0..L, each (n, length, width) in `dtype`; float32 in integers."""
        if self.integers is not None:
            return self.integers.hidden(self, ids, types)
        working = [self._working(group, ids.shape[1], dtype) for group in range(len(self.layers))]
        states = [self.embed(ids, types, dtype)]
        size = self.shape.width // self.shape.heads
        for i in range(self.shape.layers):
            states.append(_layer(states[-1], working[i % len(working)], size, self._tap(i + 1), self.gelu))
        return states

    def _working(self, group: int, length: int, dtype: torch.dtype) -> Working:
        layer = self.layers[group]
        if self.spans is None:
            return Working(layer.working(self.effective, dtype, None))
        scale = self.spans.amplitude(group).repeat_interleave(self.shape.width // self.shape.heads)
        windows = self.spans.windows(group, length).to(dtype)
        return Working(layer.working(self.effective, dtype, scale), windows, self.spans.renormalise)

    def logits(self, states: list[Tensor]) -> list[Tensor]:
        """Logits of every exit (float32), first layer first."""
        out = []
        for i, (head, state) in enumerate(zip(self.heads, states[1:], strict=True), 1):
            first = F.dropout(state[:, 0].float(), self.dropout, self.training)
            out.append(head(first, self._tap(i), self.effective))
        return out

    def _tap(self, layer: int) -> Tap:
        """The tap with the layer's number before every name."""
        return untouched if self.tap is untouched else lambda name, x: self.tap(f"{layer}.{name}", x)
