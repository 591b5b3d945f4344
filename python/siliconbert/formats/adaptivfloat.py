"""AdaptivFloat: a float whose exponents follow the data."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

from siliconbert import _core
from siliconbert.formats.family import Format


@dataclass(frozen=True, repr=False)
class AdaptivFloat(Format):
    """A float of `width` bits whose exponents follow the tensor (T. Tambe et al., arXiv 1909.13271).

    A code is sign, exponent, mantissa from the top bit down, its value +-2^(bias + exponent) * (1 + mantissa
    / 2^m): `bias` is the lowest exponent. There are no infinities, NaNs or subnormals. What each variant
    does:

    - "algorithm1": 2^e exponents; exponent and mantissa zero mean zero; rounds half to even, below and at
      half the smallest value to zero, saturates. Codes and values are one to one: the sign-only code is -0.0,
      and only an exact -0.0 gives it.
    - "author-2020": the author's first script: the same, but that script leaves an input of exactly half the
      smallest value unchanged, which no code holds; here it becomes zero.
    - "author-2022": the author's later script (at least 2 exponent bits): 2^e - 2 exponents, and what is
      below the smallest value becomes zero. Exponent field 0 is zero whatever the mantissa; the unused
      highest field reads as the largest value.
    - "edgebert-rtl": EdgeBERT's SystemC: <8, 3> only, bias -10..-3, rounds half toward +infinity, one zero
      without a sign.

    width: 2..16 bits. exponent_bits: 1..min(width - 1, 8), since float32 holds no more exponents. bias:
    -128..128 - exponents in use (the codes stay finite and the bias fits 8 bits), or None until fitted or
    where rows or groups have their own. errors: ValueError.

    >>> AdaptivFloat(4, 2, bias=-2).values().tolist()[:8]
    [0.0, 0.375, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0]
    """

    family: ClassVar[str] = "adaptivfloat"

    width: int = 8
    exponent_bits: int = 4
    variant: str = "algorithm1"
    bias: int | None = None

    def __post_init__(self) -> None:
        """Checks the shape at once."""
        if self.bias is not None and self.per != "tensor":
            raise ValueError(f"AdaptivFloat: bias must be None where it is per {self.per}, got {self.bias}")
        if self.parameters is not None and self.per == "tensor":
            raise ValueError("AdaptivFloat: parameters must be None where one bias serves the tensor")
        super().__post_init__()

    @property
    def fitted(self) -> bool:
        """Whether the bias, or each set's, is known."""
        return self.bias is not None or self.parameters is not None

    @property
    def mantissa_bits(self) -> int:
        """Stored mantissa bits, the leading one not counted."""
        return self.width - 1 - self.exponent_bits

    def _core_family(self) -> Any:
        return _core.formats.AdaptivFloat(self.width, self.exponent_bits, self.variant, self.bias)

    def _core_shape(self) -> Any:
        known = self.parameters if self.bias is None else bytes([self.bias & 0xFF])
        return _core.formats.Format(self._core_family(), self.per, self.group or 0, known or b"")

    def _with_core(self, core: Any) -> AdaptivFloat:
        if self.per != "tensor":
            return replace(self, parameters=core.parameters)
        return replace(self, bias=self._core_family().read_bias(core.parameters[0]))
