"""The only way numbers reach a person. The same value reads the same on every surface."""

from __future__ import annotations

import math

MISSING = "–"
"""Shown where nothing was measured; never 0."""


def fmt(value: float | None, digits: int = 4) -> str:
    """Return `value` with `digits` significant digits: plain from 1e-3 to 1e6, else scientific.

    >>> fmt(0.693147), fmt(2.3e-9), fmt(None), fmt(float("nan")), fmt(200.0)
    ('0.6931', '2.3e-09', '–', 'nan', '200')
    """
    if value is None:
        return MISSING
    if not math.isfinite(value):
        return "nan" if math.isnan(value) else ("inf" if value > 0 else "-inf")
    if value == 0:
        return "0"
    magnitude = abs(value)
    if 1e-3 <= magnitude < 1e6:
        decimals = max(0, digits - 1 - math.floor(math.log10(magnitude)))
        text = f"{value:.{decimals}f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    return f"{mantissa.rstrip('0').rstrip('.')}e{exponent}"


def fmt_count(count: int) -> str:
    """Return a count in at most five characters.

    >>> fmt_count(950), fmt_count(41210), fmt_count(2_500_000), fmt_count(999_999)
    ('950', '41.2k', '2.5M', '1M')
    """
    scaled, unit = float(count), ""
    for unit in ("", "k", "M", "G", "T"):
        if abs(scaled) < 999.5 or unit == "T":
            break
        scaled /= 1000
    text = f"{scaled:.1f}" if abs(scaled) < 99.95 else f"{scaled:.0f}"
    return f"{text.removesuffix('.0')}{unit}"


def plural(count: int, one: str, many: str = "") -> str:
    """Return a count and its noun; `many` where the plural takes more than an s.

    >>> plural(1, "step"), plural(0, "step"), plural(2, "loss", "losses")
    ('1 step', '0 steps', '2 losses')
    """
    return f"{count} {one if count == 1 else many or f'{one}s'}"


def fmt_duration(seconds: float) -> str:
    """Return an age or a length of time in one or two units.

    >>> fmt_duration(0.4), fmt_duration(75), fmt_duration(7300), fmt_duration(200_000)
    ('0s', '1m15s', '2h01m', '2d07h')
    """
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}s"
    if whole < 86400:
        return f"{whole // 3600}h{whole % 3600 // 60:02d}m"
    return f"{whole // 86400}d{whole % 86400 // 3600:02d}h"


def fmt_steps(first: int, last: int) -> str:
    """Return an inclusive range of steps.

    >>> fmt_steps(3, 3), fmt_steps(0, 199)
    ('step 3', 'steps 0-199')
    """
    return f"step {first}" if first == last else f"steps {first}-{last}"


_CONTROL = {code: f"\\x{code:02x}" for code in (*range(0x20), 0x7F, *range(0x80, 0xA0))}
_CONTROL |= {ord("\n"): "\\n", ord("\t"): "\\t", ord("\r"): "\\r"}
_CONTROL |= {
    code: f"\\u{code:04x}"
    for code in (
        *range(0x202A, 0x202F),
        *range(0x2066, 0x206A),
        0x61C,
        0x200E,
        0x200F,
        0x2028,
        0x2029,
    )
}


def printable(text: str, limit: int = 200) -> str:
    """Return text from a log made safe for a terminal: no control or bidi character, no flood.

    >>> printable("a\\x1b[2Jb"), printable("x" * 10, limit=4)
    ('a\\\\x1b[2Jb', 'xxx…')
    """
    safe = text[: limit + 1].translate(_CONTROL).encode("utf-8", "backslashreplace").decode()
    return safe if len(text) <= limit and len(safe) <= limit * 6 else safe[: limit - 1] + "…"
