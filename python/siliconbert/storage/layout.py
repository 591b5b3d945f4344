"""Layouts by name and options."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from siliconbert import _core

__all__ = ["Layout", "LayoutLike", "layout", "layouts"]

_RESTARTS = ("tensor", "row")
_LARGEST = 65536  # of any option; the core's limit too


@dataclass(frozen=True)
class Layout:
    """A layout and all its options; made by `layout`.

    >>> from siliconbert import storage
    >>> storage.layout("bitmask").name
    'bitmask'
    """

    name: str
    options: tuple[tuple[str, Any], ...]

    def __getitem__(self, option: str) -> Any:
        """The value of an option."""
        return dict(self.options)[option]

    def record(self) -> dict[str, Any]:
        """Name and options, as `layout(**record)` takes them."""
        return {"name": self.name, **dict(self.options)}

    def _core_layout(self) -> Any:
        numbers: dict[str, int] = {}
        for option, value in self.options:
            if option == "block":
                numbers["block_rows"], numbers["block_columns"] = value
            elif option == "restart":
                numbers["restart"] = _RESTARTS.index(value)
            else:
                numbers[option] = 0 if value is None else value
        return _core.base.Layout(self.name, numbers)


LayoutLike: TypeAlias = str | Mapping[str, Any] | Layout


def layouts() -> list[str]:
    """Names of the layouts.

    >>> layouts()
    ['bitmask', 'block_bitmap', 'bsr', 'coo', 'csb', 'cscb', 'csr', 'dense', 'nm', 'rle']
    """
    return sorted(_kinds())


def layout(name: str, **options: Any) -> Layout:
    """The layout of that name; what is stored beside the values, and the options with their defaults:

    - dense: nothing; every element has a value, the pruned ones zero
    - bitmask: one bit an element, 1 where it is kept. restart="tensor": values follow the ones of the whole
      mask, so that a wrong mask bit moves all values after it; restart="row": a pointer to the first value of
      each row, so that it damages its row only
    - coo: row and column of each value
    - csr: column of each value and, for every row and one more, a pointer to where its values start
    - rle: the number of pruned elements before each value in run_bits=4 bits; longer runs are broken up by
      stored zeros
    - csb: bank balanced: each row's banks of bank=16 columns store the same number of values, kept=None for
      that of the fullest one, and their columns in the bank; banks that keep fewer store zeros too
    - nm: the same with n=2 values of each m=4 neighbouring columns; a mask that keeps more is refused
    - bsr (also called BCSR): whole blocks of block=(16, 16) with their block columns and a pointer for every
      block row and one more
    - cscb: whole blocks with their block rows; kept=None for as many as the first block column holds, and
      every block column must hold the same number (column balanced, ISQED 2021)
    - block_bitmap: whole blocks and one bit for each block of the matrix

    Indices and pointers take ceil(log2) of what they tell apart, none for a single thing; index_bits=32
    gives all of them that width, as sparse libraries do. Values are row-major, also inside a block; blocks at
    the edge are padded with zeros that have no element. errors: ValueError listing the names.

    >>> layout("bsr", block=(4, 4))
    Layout(name='bsr', options=(('block', (4, 4)), ('index_bits', None)))
    """
    if not isinstance(name, str) or name not in _kinds():
        raise ValueError(f"storage.layout: layout must be one of {', '.join(layouts())}; got {name!r}")
    defaults = _defaults(name)
    if unknown := set(options) - set(defaults):
        known = ", ".join(sorted(defaults)) or "none"
        raise ValueError(f"storage.layout: options of {name} must be among {known}; got {min(unknown)!r}")
    chosen = {
        option: _value(name, option, options.get(option, default)) for option, default in defaults.items()
    }
    made = Layout(name, tuple(sorted(chosen.items())))
    _core.storage.complete(made._core_layout())
    return made


def as_layout(layout_like: LayoutLike) -> Layout:
    """A layout from its name, its record or itself."""
    if isinstance(layout_like, Layout):
        return layout_like
    if isinstance(layout_like, str):
        return layout(layout_like)
    if not isinstance(layout_like, Mapping) or "name" not in layout_like:
        raise ValueError(
            "storage.layout: layout must be a name, a mapping with key 'name' or a Layout, "
            f"got {layout_like!r}"
        )
    return layout(**{str(key): value for key, value in layout_like.items()})


def from_core(core: Any) -> Layout:
    """The layout of an image in the core."""
    return Layout(core.name, tuple(sorted(_public(core.options).items())))


def _kinds() -> dict[str, Any]:
    return {kind.name: kind for kind in _core.storage.layout_kinds()}


def _defaults(name: str) -> dict[str, Any]:
    return _public(_kinds()[name].options)


def _public(numbers: Mapping[str, int]) -> dict[str, Any]:
    """Options as users write them: (rows, columns) of a block, restart by name, None for 'as needed'."""
    found: dict[str, Any] = {}
    for option, number in numbers.items():
        if option == "block_rows":
            found["block"] = (number, numbers["block_columns"])
        elif option == "restart":
            found["restart"] = _RESTARTS[number]
        elif option != "block_columns":
            found[option] = number or None
    return found


def _value(name: str, option: str, value: Any) -> Any:
    if option == "block":
        sizes = tuple(value) if isinstance(value, (list, tuple)) else ()
        if len(sizes) != 2 or not all(_is_size(size) for size in sizes):
            raise ValueError(
                f"storage.layout: block of {name} must be two sizes in 1..{_LARGEST}, got {value!r}"
            )
        return sizes
    if option == "restart":
        if value not in _RESTARTS:
            raise ValueError(f"storage.layout: restart of {name} must be 'tensor' or 'row', got {value!r}")
        return value
    if value is not None and not _is_size(value):
        raise ValueError(f"storage.layout: {option} of {name} must be in 1..{_LARGEST}, got {value!r}")
    return value


def _is_size(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= _LARGEST
