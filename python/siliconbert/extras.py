"""What the package does only with others: one sentence that names the extra to install."""

from importlib.util import find_spec


def missing(extra: str, *packages: str) -> str:
    """How to install the extra that brings the packages which are not installed; empty where all are.

    >>> missing("train", "numpy")
    ''
    """
    absent = " and ".join(name for name in packages if find_spec(name) is None)
    return absent and f"{absent} missing; install the extra with: pip install 'siliconbert[{extra}]'"


def require(asker: str, extra: str, *packages: str) -> None:
    """ImportError with one sentence, which begins with who asks, where a package is not installed."""
    if said := missing(extra, *packages):
        raise ImportError(f"{asker}: {said}")
