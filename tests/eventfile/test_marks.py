"""Which marks of a log are taken."""

from __future__ import annotations

from pathlib import Path

import pytest

from lossmon.eventfile import content
from lossmon.eventfile.reader import RunReader
from lossmon.eventfile.writer import RunWriter
from lossmon.records import Mark, Run, RunMeta


def whole(path: Path) -> Run:
    return RunReader(path, "x", patience=0).poll()


def test_marks_of_a_sound_shape_only_are_taken(tmp_path: Path, meta: RunMeta) -> None:
    writer = RunWriter(tmp_path, meta)
    writer.mark(Mark(0, 1e9, "resumed", {"from": 3}))
    writer.mark(Mark(0, 1e9, "x" * (70 << 10), {}))
    writer.close()
    run = whole(tmp_path)
    assert [mark.kind for mark in run.marks] == ["resumed"]
    assert run.damage.records == 1


def test_of_very_many_marks_the_oldest_and_the_newest_are_kept(
    tmp_path: Path, meta: RunMeta, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(content, "_MAX_MARKS", 10)
    writer = RunWriter(tmp_path, meta)
    for step in range(25):
        writer.mark(Mark(step, 1e9 + step, "interval", {"every": step}))
    writer.close()
    run = whole(tmp_path)
    assert [mark.step for mark in run.marks] == [*range(5), *range(20, 25)]
    assert run.damage.records == 15
