from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary, SummaryMetadata

from lossmon.diagnosis.engine import Fold
from lossmon.diagnosis.finding import Report
from lossmon.eventfile import tail
from lossmon.eventfile.framing import frame
from lossmon.eventfile.sources import LocalSource
from lossmon.eventfile.writer import RunWriter
from lossmon.records import Run, RunMeta
from lossmon.tui import polling
from lossmon.tui.polling import Poller
from lossmon.tui.snapshot import Snapshot
from lossmon.tui.words import diagnosis, life, speed


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


def test_a_folder_that_turns_out_to_hold_the_settings_of_a_run_is_let_go(
    tmp_path: Path, write_run: Callable[..., Path], until: Callable[[Callable[[], bool]], None]
) -> None:
    root = tmp_path / "runs"
    run = root / "net"
    (run / "1700000000").mkdir(parents=True)
    plugin = SummaryMetadata.PluginData(plugin_name="hparams")
    value = Summary.Value(tag="settings", metadata=SummaryMetadata(plugin_data=plugin))
    settings = Event(wall_time=1e9, summary=Summary(value=[value])).SerializeToString()
    (run / "1700000000" / "events.out.tfevents.1.host").write_bytes(frame(settings))
    poller = Poller(LocalSource(root, str(root)))

    shown: list[list[str]] = []

    def shows(names: list[str]) -> bool:
        shown.extend([view.name for view in snapshot.runs] for snapshot in poller.poll())
        return bool(shown) and shown[-1] == names

    assert shows(["net/1700000000"])
    write_run("net", np.linspace(2, 1, 40))
    until(lambda: shows(["net"]))


def test_what_a_first_verdict_takes_does_not_delay_the_second(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    until: Callable[[Callable[[], bool]], None],
) -> None:
    now, cost = [0.0], iter([10.0, 1.0, 1.0])

    class Slow(Fold):
        def advance(self, run: Run) -> Report:
            now[0] += next(cost)
            return super().advance(run)

    monkeypatch.setattr("lossmon.diagnosis.engine.Fold", Slow)
    clock = SimpleNamespace(monotonic=lambda: now[0], thread_time=lambda: now[0], time=time.time)
    monkeypatch.setattr(polling, "time", clock)
    writer = RunWriter(tmp_path / "net", RunMeta("r", "r-0", start_wall=time.time()), flush_s=0.01)
    poller, behind = Poller(LocalSource(tmp_path, str(tmp_path))), []
    for step in range(3):
        writer.scalars(step, time.time(), {"train/loss": 1.0})
        shown: list[Snapshot] = []

        def is_seen(step: int = step, shown: list[Snapshot] = shown) -> bool:
            shown.extend(poller.poll())
            return any(view.run.last_step == step for one in shown for view in one.runs)

        until(is_seen)
        behind.append(shown[-1].is_behind)
    writer.close()
    assert behind == [False, False, True]


def test_a_long_run_is_shown_while_the_rest_of_it_is_read_and_then_judged(
    write_run: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = write_run("net", np.linspace(2, 1, 300))
    monkeypatch.setattr(tail, "CHUNK", 4096)
    monkeypatch.setattr(polling, "_FIRST_S", 0.0)
    monkeypatch.setattr(polling, "_PATIENCE_S", 0.0)
    shown = list(Poller(LocalSource(root, str(root))).poll())
    views = [snapshot.runs[0] for snapshot in shown]
    steps = [view.run.last_step for view in views]
    assert steps == sorted(steps)
    assert 0 < steps[0] < 200
    assert steps[-1] == 299
    parts = [view for view in views if view.share_read < 1]
    assert len(parts) > 1
    assert [view.report for view in parts] == [None] * len(parts)
    percent = int(100 * parts[1].share_read)
    assert life(parts[1]) == (f"… reading {percent} %", "dim")
    assert diagnosis(parts[1]) == ((f"… reading {percent} %", "dim"),)
    assert all(snapshot.is_behind for snapshot in shown[:-1])
    assert views[-1].report is not None
    assert life(views[-1])[0].startswith("○ finished")


def test_the_first_of_many_runs_are_shown_while_the_rest_are_read(
    write_run: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        root = write_run(f"run{number}", [1.0] * 30)
    monkeypatch.setattr(polling, "_FIRST_S", 0.0)
    monkeypatch.setattr(polling, "_PATIENCE_S", 0.0)
    shown = [len(snapshot.runs) for snapshot in Poller(LocalSource(root, str(root))).poll()]
    assert shown[:4] == [1, 2, 3, 4]
    assert set(shown[4:]) == {4}
