"""The colours of a figure on a light and on a dark page; every pair differs in lightness too."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Look:
    """Colours as CSS writes them."""

    ink: str
    """Numbers at the axes."""
    rule: str
    """Grid and outline."""
    paper: str
    curve: str
    focus: str
    """The steps of the selected finding."""
    focus_alpha: float
    flat: str
    bad: str
    """Where a value is not finite."""


LIGHT = Look(
    ink="#5f6368",
    rule="#e8eaed",
    paper="#ffffff",
    curve="#425066",
    focus="#f9ab00",
    focus_alpha=0.14,
    flat="#9aa0a6",
    bad="#c5221f",
)
DARK = Look(
    ink="#b0b5ba",
    rule="#4a4a4a",
    paper="#303030",
    curve="#8e98a3",
    focus="#f9ab00",
    focus_alpha=0.09,
    flat="#9aa0a6",
    bad="#ff8a80",
)
LOOKS = {"light": LIGHT, "dark": DARK}
