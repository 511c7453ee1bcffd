"""The words of a tag, whatever its spelling: `trainLoss`, `Loss/train` and `train.loss` alike."""

from __future__ import annotations

import re
from dataclasses import dataclass

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_COMPOUND = re.compile(r"(.+)(loss|norm)")


@dataclass(frozen=True, slots=True)
class TagWords:
    """A tag in lower-case words."""

    words: tuple[str, ...]
    """All of them, in order."""
    leaf: tuple[str, ...]
    """Those behind the last slash: what is measured, where the rest names a group."""

    @property
    def known(self) -> frozenset[str]:
        """The words without their order."""
        return frozenset(self.words)

    @property
    def joined(self) -> str:
        """The words as one: `learning_rate` and `learning.rate` are `learningrate`."""
        return "".join(self.words)


def tag_words(tag: str) -> TagWords:
    """Return the words of a tag; `batchloss` counts as two."""
    parts = [_words(part) for part in tag.split("/")]
    filled = [part for part in parts if part]
    words = tuple(word for part in filled for word in part)
    return TagWords(words, filled[-1] if filled else ())


def _words(text: str) -> tuple[str, ...]:
    found: list[str] = []
    for word in _WORDS.findall(text):
        lower = word.lower()
        compound = _COMPOUND.fullmatch(lower)
        if compound is None:
            found.append(lower)
        else:
            found += compound.groups()
    return tuple(found)
