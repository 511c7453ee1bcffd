from __future__ import annotations

import gzip
from base64 import b64decode
from typing import Any

import pytest

pytest.importorskip("bokeh")

from bokeh.embed import json_item

from lossmon.diagnosis import synth
from lossmon.diagnosis.engine import diagnose
from lossmon.report.figures import loss_figure
from tensorboard_plugin_lossmon.embedding import embedded


def test_a_figure_is_embedded_as_bokeh_itself_embeds_it_but_for_the_packing_of_arrays() -> None:
    run = synth.run(300)
    figure: Any = loss_figure(run, diagnose(run))
    ours, theirs = embedded(figure), json_item(figure)
    assert ours.keys() == theirs.keys()
    assert ours["root_id"] == theirs["root_id"]
    assert ours["version"] == theirs["version"]
    assert ours["doc"].keys() == theirs["doc"].keys()
    unpacked = _with_bytes(theirs["doc"]["roots"], lambda data: gzip.decompress(b64decode(data)))
    assert _with_bytes(ours["doc"]["roots"], b64decode) == unpacked
    for part in ("title", "version"):
        assert ours["doc"][part] == theirs["doc"][part]


def _with_bytes(part: Any, read: Any) -> Any:
    """Return a part of a document with the bytes of its arrays as bytes."""
    if isinstance(part, (list, tuple)):
        return [_with_bytes(value, read) for value in part]
    if not isinstance(part, dict):
        return part
    if part.get("type") == "bytes":
        return read(part["data"])
    return {name: _with_bytes(value, read) for name, value in part.items()}
