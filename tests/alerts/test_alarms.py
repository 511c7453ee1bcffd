from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from lossmon.alerts.alarms import Alarms
from lossmon.alerts.alert import KINDS, Kind
from lossmon.records import Mark
from lossmon.tui.snapshot import RunView, Snapshot

Make = Callable[..., Any]
START = 1_700_000_000.0


class Follower:
    """Alarms, and their clock."""

    def __init__(
        self, kinds: tuple[Kind, ...] = KINDS, severity: str = "error", kept: Any = None
    ) -> None:
        self.now = START
        self.alarms = Alarms(kinds, severity, "runs", kept=kept, clock=lambda: self.now)

    def see(self, *views: RunView) -> list[str]:
        """What a snapshot is worth."""
        return [alert.title for alert in self.alarms.take(Snapshot(views))]

    def restarted(self) -> Follower:
        """Somebody who begins with what this one knew."""
        follower = Follower(kept=json.loads(json.dumps(self.alarms.keep())))
        follower.now = self.now
        return follower


ILL = "error dead-relu in a since step 7"


def test_a_new_error_is_told_once(seen: Make, found: Make) -> None:
    follower = Follower()
    ill = seen("a", found("dead-relu"))
    assert [follower.see(v) for v in (seen("a"), ill, ill)] == [[], [ILL], []]


def test_an_error_that_a_living_run_has_is_told_at_the_first_look(seen: Make, found: Make) -> None:
    assert Follower().see(seen("a", found("dead-relu"))) == [ILL]


@pytest.mark.parametrize("life", ["dead", "finished", "unknown"])
def test_what_was_over_before_is_not(seen: Make, found: Make, life: str) -> None:
    follower = Follower()
    over = seen("a", found("dead-relu"), life=life)
    assert follower.see(over) == []
    assert follower.see(over) == []


def test_what_ended_between_two_looks_is_told(seen: Make, found: Make) -> None:
    follower = Follower()
    follower.see(seen("other"))
    again = follower.restarted()
    died = seen("a", found("dead-relu"), life="dead", ended=1.0)
    copied = seen("b", found("dead-relu"), life="dead", ended=-1.0)
    assert again.see(seen("other"), died, copied) == [ILL, "a died at step 9"]


def test_a_restart_tells_nothing_again(seen: Make, found: Make) -> None:
    follower = Follower()
    ill = seen("a", found("dead-relu"))
    follower.see(ill)
    again = follower.restarted()
    assert again.see(ill) == []
    assert again.see(seen("a", found("dead-relu"), life="finished")) == ["a has finished at step 9"]


def test_warnings_and_what_another_brings_about_are_not_told(seen: Make, found: Make) -> None:
    effect = found("no-signal", consequence_of="zero-init")
    ill = seen("a", found("zero-init"), effect, found("lr-too-low", "warning"))
    assert Follower().see(ill) == ["error zero-init in a since step 7"]
    told = Follower(severity="warning").see(ill)
    assert told == ["error zero-init in a since step 7", "warning lr-too-low in a since step 7"]


def test_an_error_that_a_mere_warning_brings_about_is_told(seen: Make, found: Make) -> None:
    effect = found("nan-in-loss", consequence_of="lr-too-high")
    told = Follower().see(seen("a", found("lr-too-high", "warning"), effect))
    assert told == ["error nan-in-loss in a since step 7"]


def test_a_finding_that_gets_worse_is_told_again(seen: Make, found: Make) -> None:
    follower = Follower(severity="warning")
    told = [follower.see(seen("a", found("dead-relu", s))) for s in ("warning", "error")]
    assert told == [["warning dead-relu in a since step 7"], [ILL]]


def test_what_is_resolved_is_told_after_a_minute_of_calm(seen: Make, found: Make) -> None:
    follower = Follower()
    ill, well = seen("a", found("dead-relu")), seen("a", clear=("dead-relu",))
    follower.see(ill)
    assert follower.see(well) == []
    follower.now += 30
    assert follower.see(ill) == []
    assert follower.see(well) == []
    follower.now += 59
    assert follower.see(well) == []
    follower.now += 1
    assert follower.see(well) == ["dead-relu in a is resolved at step 9"]
    assert follower.see(ill) == [ILL]


def test_what_a_finished_run_does_not_suffer_from_any_more_is_resolved_at_once(
    seen: Make, found: Make
) -> None:
    follower = Follower()
    follower.see(seen("a", found("dead-relu")))
    over = seen("a", clear=("dead-relu",), life="finished")
    assert follower.see(over) == [
        "dead-relu in a is resolved at step 9",
        "a has finished at step 9",
    ]


def test_a_run_that_stalls_and_dies_is_told_with_what_ended_it(seen: Make) -> None:
    follower = Follower()
    end = Mark(9, START, "exception", {"error": "OutOfMemoryError: \x1b[2J8 GB"})
    assert follower.see(seen("a")) == []
    assert follower.see(seen("a", life="stalled")) == ["a stalls at step 9"]
    view = seen("a", life="dead", marks=(end,))
    (alert,) = follower.alarms.take(Snapshot((view,)))
    assert alert.title == "a died at step 9"
    assert alert.lines[0] == "OutOfMemoryError: \\x1b[2J8 GB"


def test_only_what_was_asked_for_is_told(seen: Make, found: Make) -> None:
    follower = Follower(("dead",))
    assert follower.see(seen("a", found("dead-relu"))) == []
    assert follower.see(seen("a", found("dead-relu"), life="dead")) == ["a died at step 9"]
