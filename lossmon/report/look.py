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
    raw_alpha: float
    """How much of the curve's colour single losses have: less than the trend, more than a shade."""
    focus: str
    """The steps of the selected finding."""
    flat: str
    """The plateau."""
    shade_alpha: float
    """What lies behind the curve must be seen after it, not before."""
    bad: str
    """Where a value is not finite."""
    zero: str
    """Where a norm is exactly zero."""
    series: tuple[str, ...]
    """Of several quantities in one frame."""


LIGHT = Look(
    ink="#5f6368",
    rule="#e8eaed",
    paper="#ffffff",
    curve="#425066",
    raw_alpha=0.5,
    focus="#f9ab00",
    flat="#5f6368",
    shade_alpha=0.08,
    bad="#c5221f",
    zero="#000000",
    series=("#425066", "#c25400", "#1a73e8"),
)
DARK = Look(
    ink="#b0b5ba",
    rule="#4a4a4a",
    paper="#303030",
    curve="#8e98a3",
    raw_alpha=0.65,
    focus="#f9ab00",
    flat="#bdc1c6",
    shade_alpha=0.05,
    bad="#ff8a80",
    zero="#000000",
    series=("#8e98a3", "#ffa95c", "#8ab4f8"),
)
LOOKS = {"light": LIGHT, "dark": DARK}
