"""When two texts are the same but for spacing, marks and case."""

from __future__ import annotations

from siliconbert.data.record import Sentence


def key(text: str) -> str:
    """The text's letters and digits in lower case.

    >>> key("It 's  good .") == key("it's good!")
    True
    """
    return "".join(c for c in text.casefold() if c.isalnum())


def keys(sentence: Sentence) -> tuple[str, ...]:
    """The key of a sentence, or of both of a pair.

    >>> keys(("A b.", "C"))
    ('ab', 'c')
    """
    return tuple(key(text) for text in ((sentence,) if isinstance(sentence, str) else sentence))
