"""Other machines for the same sentences: time from the share of their peak, energy from power."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from siliconbert import catalog
from siliconbert._core import hardware as _core
from siliconbert.hardware.shapes import shape
from siliconbert.hardware.work import layer_work

_SINGLE = 4  # bytes of a weight in single precision


@dataclass(frozen=True)
class Processor:
    """A processor at its best.

    peak      : FLOP a second, single precision
    bandwidth : bytes a second
    share     : lowest and highest share of the peak that a sentence's products reach: assumed, or one that
                meets a published latency of BERT base at 128 tokens
    watts     : lowest and highest power
    clocks    : of the highest clock, at these powers
    """

    name: str
    peak: float
    bandwidth: float
    share: tuple[float, float]
    watts: tuple[float, float]
    clocks: tuple[float, float] = (1.0, 1.0)

    def seconds(
        self, model: Any, layers: int | None = None, sequence: int = 128, heads_off: int = 0
    ) -> tuple[float, float]:
        """Shortest and longest time of one sentence through `layers` layers (None: all), s.

        At the highest clock: the products at the share of the peak, or reading each layer's weights once if
        that takes longer.

        >>> low, high = processor("tx2").seconds("albert-base")
        >>> round(low, 3), round(high, 3)
        (0.056, 0.168)
        """
        return self._times(model, layers, sequence, heads_off, (1.0, 1.0))

    def joules(
        self, model: Any, layers: int | None = None, sequence: int = 128, heads_off: int = 0
    ) -> tuple[float, float]:
        """Least and most energy of one sentence, J, each at the clock that its power allows."""
        low, high = self._times(model, layers, sequence, heads_off, self.clocks)
        return low * self.watts[0], high * self.watts[1]

    def _times(
        self, model: Any, layers: int | None, sequence: int, heads_off: int, clocks: tuple[float, float]
    ) -> tuple[float, float]:
        """At the highest share and the first clock, and at the lowest share and the second."""
        sizes = shape(model)
        work = layer_work(sizes, 1, sequence, heads_off)
        count = sizes.layers if layers is None else layers
        operations = 2.0 * sum(_core.macs(work).values()) * count
        weights = _SINGLE * count * (4 * sizes.hidden**2 + 2 * sizes.hidden * sizes.ffn)
        low, high = (
            max(operations / (self.peak * clock * share), weights / self.bandwidth)
            for clock, share in zip(clocks, self.share[::-1], strict=True)
        )
        return low, high


def processors() -> list[str]:
    """Names of all processors in the catalogue.

    >>> processors()
    ['i7-8700', 'k80', 'tx2', 'tx2-cpu']
    """
    return sorted(catalog.records("processors"))


def processor(name: str) -> Processor:
    """A processor of the catalogue.

    errors : ValueError listing the known names
    source : processors.toml

    >>> processor("tx2").peak / 1e9
    665.6
    """
    record = catalog.record("processors", name, "hardware.processor")
    values = catalog.numbers(record)
    peak = values["cores"] * values["operations"] * values["frequency"] * 1e9
    return Processor(
        name=name,
        peak=peak,
        bandwidth=values["bandwidth"] * 1e9,
        share=_share(values, peak),
        watts=(values["power_low"], values["power"]),
        clocks=_clocks(values),
    )


def _clocks(values: dict[str, Any]) -> tuple[float, float]:
    low, high = (values.get(key, values["frequency"]) for key in ("clock_low", "clock"))
    return low / values["frequency"], high / values["frequency"]


def _share(values: dict[str, Any], peak: float) -> tuple[float, float]:
    if "latency" not in values:
        return values["share_low"], values["share_high"]
    sizes = shape("bert-base")
    operations = 2.0 * sizes.layers * sum(_core.macs(layer_work(sizes, 1)).values())
    reached = operations / (values["latency"] * 1e-3) / peak
    return reached, reached
