from __future__ import annotations

import pytest

from lossmon.eventfile.liveness import liveness, silence
from lossmon.records import Mark, Run, RunMeta

META = RunMeta("run", "run-0")
LAST = 1_000.0


@pytest.mark.parametrize(
    ("quiet", "life", "silent"),
    [(14, "live", 0), (30, "live", 0), (31, "live", 31), (60, "live", 60), (61, "dead", 0)],
)
def test_a_run_counts_as_living_for_a_minute_and_as_silent_from_its_second_missed_heartbeat(
    quiet: float, life: str, silent: float
) -> None:
    run = Run("a", meta=META, last_wall=LAST)
    assert liveness(run, LAST + quiet) == life
    assert silence(run, LAST + quiet) == silent


def test_a_run_that_was_closed_is_not_silent() -> None:
    run = Run("a", meta=META, marks=(Mark(9, LAST, "closed"),), last_wall=LAST)
    assert silence(run, LAST + 45) == 0


def test_a_log_without_heartbeats_is_not_silent() -> None:
    assert silence(Run("a", last_wall=LAST), LAST + 45) == 0
