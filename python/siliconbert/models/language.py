"""Language models: windows of words in, the likeliest next words out."""

from __future__ import annotations

from dataclasses import dataclass

from siliconbert.models.model import Model


@dataclass(frozen=True, eq=False)
class LanguageModel(Model):
    """A Transformer encoder with a decoder onto its vocabulary at every place; see Shape.decoder.

    `vocabulary` is its word list, one word a line.
    """

    @property
    def words(self) -> tuple[str, ...]:
        """The vocabulary, by number; none where the model came without its list."""
        return tuple(self.vocabulary.decode().splitlines()) if self.vocabulary is not None else ()
