from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from lossmon.eventfile.sources import LocalSource
from lossmon.tui.polling import Poller
from lossmon.tui.words import life, speed


def test_a_run_that_falls_silent_loses_its_speed_before_it_counts_as_dead(
    write_run: Callable[..., Path],
) -> None:
    began = time.time()
    runs = write_run("net", np.linspace(2, 1, 40), start=began - 39, closed=False)
    now = [began]
    poller = Poller(LocalSource(runs, str(runs)), clock=lambda: now[0])
    (view, *_), seen = next(poller.poll()).runs, []
    for seconds in (1, 20, 33, 59, 61):
        now[0] = began + seconds
        snapshots = list(poller.poll())
        view = snapshots[-1].runs[0] if snapshots else view
        seen.append((life(view)[0], speed(view)))
    assert seen == [
        ("● live", "1 it/s"),
        ("● live", "1 it/s"),
        ("? silent 30 s", ""),
        ("? silent 55 s", ""),
        ("✕ dead 1m ago", ""),
    ]
    assert math.isnan(view.speed)
