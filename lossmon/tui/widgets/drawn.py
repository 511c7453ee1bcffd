"""How widgets draw: the set of characters is the app's, so that one key changes all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual.widget import Widget

if TYPE_CHECKING:
    from lossmon.tui.app import LossmonApp
    from lossmon.tui.charset import Charset


def charset_of(widget: Widget) -> Charset:
    """Return the characters that the terminal of this widget is sent."""
    return cast("LossmonApp", widget.app).charset
