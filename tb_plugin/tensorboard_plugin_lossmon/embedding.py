"""A figure as the page takes it: what `bokeh.embed.json_item` returns, at a part of its cost.

That one goes through all models of a figure four times to keep those of other documents apart; ours
are drawn for one answer and belong to no other. It also packs each array, which BokehJS unpacks in
the browser's main thread: here arrays are plain, and packed with the whole answer.
"""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import bokeh
from bokeh.core.serialization import Buffer
from bokeh.document import Document
from bokeh.model import Model


def embedded(figure: Model) -> dict[str, Any]:
    """Return `figure`, which is in no document yet, as `put` of the page takes it.

    That is as `Bokeh.embed.embed_item` does, but for the bytes of arrays: base64, not compressed.
    """
    document = Document(title="")
    document.add_root(figure)
    return {
        "target_id": None,
        "root_id": figure.id,
        "doc": _plain(document.to_json(deferred=True).content),
        "version": bokeh.__version__,
    }


def _plain(part: Any) -> Any:
    """Return a part of a document with its buffers written out."""
    if isinstance(part, dict):
        return {name: _plain(value) for name, value in part.items()}
    if isinstance(part, (list, tuple)):
        return [_plain(value) for value in part]
    return b64encode(part.to_bytes()).decode() if isinstance(part, Buffer) else part
