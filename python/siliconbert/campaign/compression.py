"""How much less memory an integer model takes, by what is counted."""

from __future__ import annotations

from siliconbert.campaign.outcome import Measurement, Quantity
from siliconbert.models import Integer, Shape
from siliconbert.models.integer.sizes import ENCODER, Part, compression, sizes

RATIO = Quantity("compression", "smaller than float32", "x", 2)
SIZE = Quantity("size", "what is counted", "MB", 2)


def rows(shape: Shape, settings: Integer, row: str) -> list[Measurement]:
    """The paper's count in the row `row`, then what other counts give."""
    floats, whole = sizes(shape, settings), tuple(sizes(shape, settings))
    tables = (*ENCODER, "embeddings")
    exact = Integer(settings.weights, settings.activations, layer_norm=False)
    cases: list[tuple[str, dict[str, Part], tuple[str, ...]]] = [
        (row, floats, ENCODER),
        ("layers, layer norms in 32 bits", sizes(shape, exact), ENCODER),
        ("layers and their scales", floats, (*ENCODER, "scales")),
        *((f"layers and embeddings, {b} bits", sizes(shape, settings, b), tables) for b in (4, 8, 32)),
        ("everything", floats, whole),
    ]
    return [
        Measurement(name, quantity, value)
        for name, parts, counted in cases
        for quantity, value in ((RATIO, compression(parts, counted)), (SIZE, _megabytes(parts, counted)))
    ]


def header(shape: Shape, settings: Integer) -> list[str]:
    """What is in which part."""
    parts = sizes(shape, settings)
    widths = ", ".join(
        f"{name} {part.values:,} in {part.bits / 8e6:.3f} MB" for name, part in parts.items() if part.values
    )
    return [
        f"{shape.layers} layers of width {shape.hidden}, w{settings.weights}/a{settings.activations}: "
        + widths,
        f"the paper's ratio counts {', '.join(ENCODER)} of the layers, against all of them in float32",
        f"not in it: scales ({parts['scales'].bits / 8:,.0f} bytes; multipliers and tables follow from "
        "them), embeddings and classifiers (in float32, on a processor)",
    ]


def _megabytes(parts: dict[str, Part], counted: tuple[str, ...]) -> float:
    return sum(parts[name].bits for name in counted) / 8e6
