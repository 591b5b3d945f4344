"""What every family of formats has: sharing of parameters, values, fields and order of a code's bits."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field, fields, replace
from typing import Any, ClassVar, TypeVar

import numpy as np
import numpy.typing as npt

from siliconbert import _core, html

Floats = npt.NDArray[np.float32]
Self = TypeVar("Self", bound="Format")


@dataclass(frozen=True, repr=False)
class Format(ABC):
    """A number format; each family is a subclass.

    per: which values have their parameters in common: "tensor", "row", or "group" (`group` neighbouring
    columns of a row; a row's last group may be shorter). Arrays of any number of dimensions count as rows of
    their last one. parameters: bytes of all sets, one after the other, little endian; None until fitted.

    >>> from siliconbert import formats
    >>> fmt = formats.get("adaptivfloat8")
    >>> fmt.width, fmt.parameter_bytes, fmt.fitted
    (8, 1, False)
    >>> {name: len(bits) for name, bits in fmt.fields().items()}
    {'exponent': 4, 'mantissa': 3, 'sign': 1}
    """

    family: ClassVar[str]

    per: str = field(default="tensor", kw_only=True)
    group: int | None = field(default=None, kw_only=True)
    parameters: bytes | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        """Checks the shape at once."""
        if self.group is not None and self.group < 1:
            raise ValueError(f"Format: group must be at least 1, got {self.group}")
        self._core_shape()

    def __repr__(self) -> str:
        """The options of the family, then how parameters are shared unless it is per tensor."""
        shared = {"per": self.per, "group": self.group}
        own = {each.name: getattr(self, each.name) for each in fields(self)}
        own = {k: v for k, v in own.items() if k not in (*shared, "parameters")}
        own |= {k: v for k, v in shared.items() if v not in (None, "tensor")}
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in own.items())})"

    def _repr_html_(self) -> str:
        return html.record(
            repr(self),
            {
                "bits of a code": self.width,
                "fields": ", ".join(f"{name} {len(bits)}" for name, bits in self.fields().items() if bits),
                "parameters": "fitted" if self.fitted else "not fitted yet: formats.fit()",
                **(self._range() if self.fitted and self.per == "tensor" else {}),
            },
        )

    def _range(self) -> dict[str, Any]:
        values = np.unique(self.values()[np.isfinite(self.values())])
        return {
            "different values": len(values),
            "smallest above 0": values[values > 0].min(initial=np.inf),
            "lowest": values[0],
            "highest": values[-1],
        }

    @property
    @abstractmethod
    def width(self) -> int:
        """Bits of a code."""

    @property
    def fitted(self) -> bool:
        """Whether the parameters are known, or there are none."""
        return self.parameters is not None or self.parameter_bytes == 0

    @property
    def parameter_bytes(self) -> int:
        """Bytes of the parameters of one set; 0 where nothing depends on the data."""
        return int(self._core_shape().parameter_bytes)

    def values(self, index: int = 0) -> Floats:
        """The value of every code under parameter set `index`: float32 of shape (2^width,)."""
        return np.asarray(_core.formats.values_of_codes(to_core(self, "values"), index))

    def fields(self) -> dict[str, list[int]]:
        """What the bits of a code (0 = lowest) mean: "sign", "exponent", "mantissa", highest bit first."""
        return {name: list(bits) for name, bits in self._core_shape().fields.items()}

    def bit_order(self) -> list[int]:
        """Bits of a code (0 = lowest) in the order in which memory cells take them: sign, mantissa, exponent.

        The order is that of nvmFI's bit-level encoder (NVMExplorer).
        """
        return list(self._core_shape().bit_order)

    def record(self) -> dict[str, Any]:
        """The format as from_record takes it: family and options that are not at their default."""
        options = {each.name: getattr(self, each.name) for each in fields(self) if each.name != "parameters"}
        defaults = {each.name: each.default for each in fields(self)}
        return {"family": self.family} | {k: v for k, v in options.items() if v != defaults[k]}

    @abstractmethod
    def _core_family(self) -> Any:
        """The family in the core."""

    def _core_shape(self) -> Any:
        return _core.formats.Format(self._core_family(), self.per, self.group or 0, self.parameters or b"")

    def _with_core(self: Self, core: Any) -> Self:
        return replace(self, parameters=core.parameters) if self.parameter_bytes else self


def to_core(fmt: Format, function: str) -> Any:
    """The core's view of a fitted format; `function` opens the error sentence where it is not fitted."""
    if not fmt.fitted:
        raise ValueError(f"{function}: fmt must be fitted (formats.fit), got {fmt}")
    return fmt._core_shape()
