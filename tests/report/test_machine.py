"""What a training takes of the machine, in words and in figures."""

from __future__ import annotations

import json

import numpy as np
import pytest

from lossmon import signals
from lossmon.diagnosis import synth
from lossmon.records import Run
from lossmon.report.machine import dials, machine_facts
from lossmon.signals import Signal

AT = np.arange(300)
BUSY: dict[Signal, object] = {
    signals.STEP_MS: np.where(AT == 150, 900.0, 20.0),
    signals.DATA_MS: 5.0,
    signals.GPU_UTILISATION: np.where(AT % 20 == 0, 87.0, np.nan),
    signals.GPU_POWER_W: np.where(AT % 20 == 0, 250.0, np.nan),
    signals.GPU_TEMPERATURE_C: np.where(AT % 20 == 0, 61.0, np.nan),
    signals.MEMORY_MB: 3000.0,
    signals.HOST_MEMORY_MB: 240.0,
}


def busy() -> Run:
    return synth.run(scalar=BUSY)  # type: ignore[arg-type]


def test_the_newest_times_and_the_last_readings_are_told() -> None:
    assert machine_facts(busy()) == [
        ("step time", "20 ms"),
        ("data wait", "25 % of it"),
        ("GPU utilisation", "87 %"),
        ("device memory", "3000 MB"),
        ("process memory", "240 MB"),
        ("GPU power", "250 W"),
        ("GPU temperature", "61 °C"),
    ]


def test_what_was_not_recorded_is_left_out() -> None:
    assert machine_facts(synth.run()) == []
    assert dials(synth.run()) == ()
    unknown = {signals.STEP_MS: np.full(300, np.inf), signals.DATA_MS: 5.0}
    assert machine_facts(synth.run(scalar=unknown)) == []


def test_signals_of_one_unit_share_a_dial() -> None:
    assert {dial.name: [signal.label for signal, _ in dial.shown] for dial in dials(busy())} == {
        "time": ["step time", "data wait"],
        "use": ["GPU utilisation"],
        "memory": ["device memory", "process memory"],
        "power": ["GPU power"],
        "heat": ["GPU temperature"],
    }


def test_a_figure_begins_at_zero_and_holds_every_signal_of_its_dial() -> None:
    pytest.importorskip("bokeh")
    from bokeh.embed import json_item

    from lossmon.report.machinefigure import machine_figure

    for dial in dials(busy()):
        plot = machine_figure(dial, view=(-0.5, 299.5))
        assert plot.y_range.start == 0
        named = {renderer.name for renderer in plot.renderers}
        assert named >= {signal.name for signal, _ in dial.shown} | {"focus"}
        json.dumps(json_item(plot), allow_nan=False)


def test_a_report_has_what_the_machine_gave() -> None:
    pytest.importorskip("bokeh")
    from lossmon.diagnosis.engine import diagnose
    from lossmon.report.html import Page, render_html

    run = busy()
    page = render_html([Page(run, diagnose(run), "live")], title="t", script="")
    assert "Machine: step time 20 ms, data wait 25 % of it, GPU utilisation 87 %" in page
    assert "memory, MB" in page
    still = synth.run()
    page = render_html([Page(still, diagnose(still), "live")], title="t", script="")
    assert "Machine" not in page
