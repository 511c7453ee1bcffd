"""What a person types to see fewer rows: words that must all be there, or not, with a `!`."""

from __future__ import annotations


def matches(words: str, text: str) -> bool:
    """Return whether every word is in `text`, and none that begins with `!`; case is ignored.

    >>> matches("conv !bias", "layer1.Conv.weight"), matches("conv !bias", "conv.bias")
    (True, False)
    """
    if not words:
        return True
    text = text.lower()
    return all(
        word[1:] not in text if word.startswith("!") and len(word) > 1 else word in text
        for word in words.lower().split()
        if word != "!"
    )
