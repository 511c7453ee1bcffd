"""A figure as BokehJS takes it: what `bokeh.embed.json_item` returns, in two thirds of its time.

That one goes through all models of a figure four times to keep those of other documents apart; ours
are drawn for one answer and belong to no other.
"""

from __future__ import annotations

from typing import Any

import bokeh
from bokeh.document import Document
from bokeh.model import Model


def embedded(figure: Model) -> dict[str, Any]:
    """Return `figure`, which is in no document yet, as `Bokeh.embed.embed_item` takes it."""
    document = Document(title="")
    document.add_root(figure)
    content = document.to_json(deferred=False)
    return {
        "target_id": None,
        "root_id": figure.id,
        "doc": content,
        "version": bokeh.__version__,
    }
