"""What is drawn can be seen on its page, the loss before what lies behind it."""

from __future__ import annotations

import pytest

from lossmon.report.look import LOOKS, Look
from tensorboard_plugin_lossmon.answers import PALETTE

each_look = pytest.mark.parametrize("look", LOOKS.values(), ids=list(LOOKS))
RGB = tuple[float, float, float]


def rgb(colour: str) -> RGB:
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue


def over(colour: str, ground: RGB, alpha: float) -> RGB:
    red, green, blue = (
        alpha * a + (1 - alpha) * b for a, b in zip(rgb(colour), ground, strict=True)
    )
    return red, green, blue


def contrast(one: RGB, other: RGB) -> float:
    """The ratio of WCAG 2, 1 to 21."""
    bright, dark = sorted(map(_luminance, (one, other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def _luminance(colour: RGB) -> float:
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def shaded(look: Look) -> RGB:
    """The page where a finding lies on the plateau."""
    return over(look.focus, over(look.flat, rgb(look.paper), look.shade_alpha), look.shade_alpha)


@pytest.mark.parametrize("colour", PALETTE["dark"])
def test_single_losses_are_seen_on_a_dark_page_also_where_it_is_shaded(colour: str) -> None:
    look = LOOKS["dark"]
    for ground in (rgb(look.paper), shaded(look)):
        assert contrast(over(colour, ground, look.raw_alpha), ground) >= 1.9


@each_look
def test_shades_are_fainter_than_the_faintest_single_loss(look: Look) -> None:
    name = next(name for name, one in LOOKS.items() if one is look)
    paper = rgb(look.paper)
    faintest = min(contrast(over(c, paper, look.raw_alpha), paper) for c in PALETTE[name])
    assert 1.0 < contrast(shaded(look), paper) < faintest
