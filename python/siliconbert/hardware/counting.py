"""What a sentence asks of an encoder, whatever runs it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from siliconbert._core import hardware as _core
from siliconbert.hardware.shapes import layers_run, shape
from siliconbert.hardware.work import layer_work


@dataclass(frozen=True)
class Counts:
    """One sentence. Bytes are those of the matrices, each once a layer, in codes of the given width.

    macs, kept_macs  : multiply-accumulates of the products; kept: those whose weight is not pruned
    weight_bytes     : kept weights; mask_bytes: one bit for each, kept or not
    activation_bytes : the products' left operands and results, and attention's right operands
    activation_rows  : rows of the products' left operands: each is activated once
    embedding_rows   : rows of the word table that are read
    softmax_rows     : one for each token and head that is on, as long as the sentence
    layer_norm_rows  : as long as the model is wide; add_rows: the same
    entropies        : one for each exit classifier that runs, and the main one

    >>> from siliconbert.hardware import count
    >>> whole, pruned = count("albert-base"), count("albert-base", density=0.5)
    >>> pruned.macs == whole.macs, pruned.kept_macs < whole.kept_macs
    (True, True)
    """

    macs: float
    kept_macs: float
    weight_bytes: float
    mask_bytes: float
    activation_bytes: float
    activation_rows: float
    softmax_rows: float
    layer_norm_rows: float
    add_rows: float
    entropies: float
    embedding_rows: float


def count(model: Any, exit_layer: int | None = None, **work: Any) -> Counts:
    """Counts of one sentence through all layers and the main classifier, or up to an exit.

    model      : whatever shape() takes
    exit_layer : 1..L, where the sentence leaves; every layer up to it has an exit classifier
    work       : sequence, heads_off, spans, density, rule and width, as in Accelerator.layer
    errors     : ValueError naming the argument

    >>> whole, early = count("albert-base"), count("albert-base", exit_layer=3)
    >>> round(2e-9 * whole.macs / 12, 1), round(whole.macs / early.macs, 1)
    (1.9, 4.0)
    """
    sizes = shape(model)
    ramps, rest = layers_run(sizes, exit_layer, "hardware.count")
    with_ramp, plain = (_core.count(layer_work(sizes, 1, ramp=ramp, **work)) for ramp in (True, False))
    totals = {key: ramps * with_ramp[key] + rest * plain[key] for key in with_ramp}
    return Counts(**totals, embedding_rows=float(work.get("sequence", 128)))
