from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossmon.eventfile.sources.paths import remote_path, urgency

EVENTS = "events.out.tfevents.1700000000.host.1.0"


@pytest.mark.parametrize(
    "raw",
    [
        f"../{EVENTS}",
        f"a/../../{EVENTS}",
        f"/etc/{EVENTS}",
        f"a//{EVENTS}",
        f"./{EVENTS}",
        f"a\x1b[2J/{EVENTS}",
        f"a\n/{EVENTS}",
        f"{EVENTS}\x00",
        f"{'a/' * 200}{EVENTS}",
        f"{'a' * 300}/{EVENTS}",
        "tfevents/passwd",
        f".git/{EVENTS}",
        f"a/__pycache__/{EVENTS}",
        "notes.txt",
        "",
    ],
)
def test_name_that_must_not_become_a_file_here_is_refused(raw: str) -> None:
    assert remote_path(raw.encode()) is None


@pytest.mark.parametrize("name", [f"a b/{EVENTS}", "lossmon.1.h.1.ab.r0.stats", f"ü/…/{EVENTS}"])
def test_name_of_an_event_file_is_kept_as_it_is(name: str) -> None:
    assert remote_path(name.encode()) == name


@given(st.binary(max_size=80))
def test_no_name_leads_out_of_the_folder(raw: bytes) -> None:
    path = remote_path(raw + b"/tfevents")
    if path is not None:
        assert Path("/copy", path).resolve().is_relative_to("/copy")


def test_scalars_come_before_wide_records_and_the_newest_first() -> None:
    old, new = "a/events.out.tfevents.1700000000.h", "b/events.out.tfevents.1800000000.h"
    wide, odd = "lossmon.1900000000.h.1.ab.r0.stats", "x.tfevents"
    assert sorted([wide, odd, old, new], key=urgency) == [new, old, odd, wide]
