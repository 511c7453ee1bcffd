from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("bokeh")

from bokeh.embed import json_item

from lossmon.diagnosis import synth
from lossmon.diagnosis.engine import diagnose
from lossmon.report.figures import loss_figure
from tensorboard_plugin_lossmon.embedding import embedded


def test_a_figure_is_embedded_as_bokeh_itself_embeds_it() -> None:
    run = synth.run(300)
    figure: Any = loss_figure(run, diagnose(run))
    ours, theirs = embedded(figure), json_item(figure)
    assert ours.keys() == theirs.keys()
    assert ours["root_id"] == theirs["root_id"]
    assert ours["version"] == theirs["version"]
    assert ours["doc"].keys() == theirs["doc"].keys()
    for part in ("roots", "title", "version"):
        assert ours["doc"][part] == theirs["doc"][part]
