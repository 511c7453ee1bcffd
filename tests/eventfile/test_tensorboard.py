"""The same bytes, read by TensorBoard and by us, whoever wrote them; both of its loaders."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lossmon import signals
from lossmon.eventfile.reader import RunReader
from lossmon.eventfile.writer import RunWriter
from lossmon.records import Mark, RunMeta

pytest.importorskip("tensorboard", reason="its loaders read what we write")

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.backend.event_processing.event_file_loader import EventFileLoader
from tensorboard.util import tensor_util

WriteRun = Callable[..., RunMeta]
Points = Mapping[str, list[tuple[int, float]]]
Load = Callable[[Path], Points]
VALUES = [1.5, float("nan"), float("inf"), -float("inf"), 1e-45, -0.0, 3e38, 0.1]


def as_python(folder: Path) -> Points:
    """Scalars of a run, as TensorBoard's Python loader has them."""
    accumulator = EventAccumulator(str(folder), size_guidance={"scalars": 0, "tensors": 0})
    accumulator.Reload()
    found = {
        tag: [(e.step, e.value) for e in accumulator.Scalars(tag)]
        for tag in accumulator.Tags()["scalars"]
    }
    for tag in accumulator.Tags()["tensors"]:
        events = accumulator.Tensors(tag)
        if events[0].tensor_proto.dtype == 1:
            found[tag] = [(e.step, float(tensor_util.make_ndarray(e.tensor_proto))) for e in events]
    return found


@pytest.fixture
def as_rust(tmp_path: Path) -> Iterator[Load]:
    """Scalars of a run, as TensorBoard's data server has them."""
    server = pytest.importorskip("tensorboard_data_server").server_binary()
    grpc = pytest.importorskip("grpc")
    if server is None:
        pytest.skip("there is no data server for this platform")
    from tensorboard.context import RequestContext
    from tensorboard.data.grpc_provider import GrpcDataProvider
    from tensorboard.data.proto import data_provider_pb2_grpc

    running: list[subprocess.Popen[bytes]] = []

    def load(folder: Path) -> Points:
        port = tmp_path / f"port{len(running)}"
        options = ["--reload", "once", "--port", "0", "--samples-per-plugin", "scalars=all"]
        command = [server, "--logdir", folder, *options, "--port-file", port]
        command += ["--die-after-stdin", "-vv"]
        log = (tmp_path / f"log{len(running)}").open("wb+")
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=log)
        running.append(process)
        end = time.monotonic() + 60
        while not (port.exists() and b"Finished load cycle" in Path(log.name).read_bytes()):
            assert time.monotonic() < end
            assert process.poll() is None
            time.sleep(0.01)
        channel = grpc.insecure_channel(f"localhost:{port.read_text().strip()}")
        stub = data_provider_pb2_grpc.TensorBoardDataProviderStub(channel)
        provider = GrpcDataProvider("localhost", stub)
        found = provider.read_scalars(
            RequestContext(), experiment_id="", plugin_name="scalars", downsample=10**9
        )
        channel.close()
        return {
            tag: [(point.step, point.value) for point in points]
            for tags in found.values()
            for tag, points in tags.items()
        }

    yield load
    for process in running:
        process.communicate()


@pytest.fixture(params=["python", "rust"])
def load(request: pytest.FixtureRequest) -> Load:
    """One of TensorBoard's two loaders."""
    found: Load = as_python if request.param == "python" else request.getfixturevalue("as_rust")
    return found


def equal(one: list[tuple[int, float]], steps: Any, values: Any) -> bool:
    return [step for step, _ in one] == list(steps) and np.array_equal(
        np.float32([value for _, value in one]), np.float32(values), equal_nan=True
    )


def test_every_scalar_that_we_write_is_read_by_tensorboard(
    tmp_path: Path, meta: RunMeta, load: Load
) -> None:
    writer = RunWriter(tmp_path, meta)
    for step, value in enumerate(VALUES):
        writer.scalars(step, 1e9 + step, {"train/loss": value, "train/lr": 0.1, "é/tag": 2.0})
    writer.scalars(2**40, 1e9 - 500, {"train/loss": 5.0})
    writer.mark(Mark(2**40, 1e9, "closed"))
    writer.close()
    found = load(tmp_path / "lossmon")
    assert equal(found["train/loss"], [*range(len(VALUES)), 2**40], [*VALUES, 5.0])
    assert equal(found["train/lr"], range(len(VALUES)), [0.1] * len(VALUES))
    assert equal(found["é/tag"], range(len(VALUES)), [2.0] * len(VALUES))


def test_every_record_of_both_files_is_a_message_to_tensorboard(
    tmp_path: Path, write_run: WriteRun
) -> None:
    meta = write_run(tmp_path, range(100))
    (stats,) = (tmp_path / "lossmon").glob("*.stats")
    (scalars,) = (tmp_path / "lossmon").glob("events*")
    wide = list(EventFileLoader(str(stats)).Load())
    assert [event.step for event in wide] == [0, *range(100)]
    table = RunReader(tmp_path, "x").poll().parameters
    assert table is not None
    assert not isinstance(table.values, np.ndarray)
    columns = [table.values.column(i, slice(None)) for i in range(len(table.signals))]
    for event, row in zip(wide[1:], np.stack(columns, axis=-1), strict=True):
        tensors = {v.tag: tensor_util.make_ndarray(v.tensor) for v in event.summary.value}
        assert np.array_equal(tensors[signals.PARAMETERS_TAG], row)
        assert tensors[signals.RUN_TAG].shape == (1, len(meta.run_signals))
    events = list(EventFileLoader(str(scalars)).Load())
    assert events[0].file_version == "brain.Event:2"
    assert events[0].source_metadata.writer == meta.writer
    assert events[1].session_log.status == 1
    plugins = {v.metadata.plugin_data.plugin_name for v in events[2].summary.value}
    assert plugins == {"lossmon"}
    assert len(events) == 3 + 100 + 1


def test_of_a_resumed_run_tensorboard_keeps_the_newer_copy_of_a_step(
    tmp_path: Path, write_run: WriteRun, load: Load
) -> None:
    write_run(tmp_path, range(60), end="exception")
    write_run(tmp_path, range(40, 70), start_id="start-2", wall=2e9, offset=1000.0)
    found = load(tmp_path / "lossmon")["train/loss"]
    assert equal(found, range(70), [*range(40), *range(1040, 1070)])


def test_a_file_begun_again_after_its_folder_was_deleted_is_read_by_tensorboard(
    tmp_path: Path, meta: RunMeta, load: Load
) -> None:
    import shutil

    writer = RunWriter(tmp_path, meta, flush_s=0.02)
    writer.scalars(0, 1e9, {"train/loss": 0.0})
    while not list((tmp_path / "lossmon").glob("events*")):
        time.sleep(0.005)
    shutil.rmtree(tmp_path / "lossmon")
    for step in range(1, 30):
        writer.scalars(step, 1e9, {"train/loss": float(step)})
    writer.close()
    assert equal(load(tmp_path / "lossmon")["train/loss"], range(1, 30), range(1, 30))


def read_by_us(folder: Path) -> Points:
    run = RunReader(folder, "x", patience=0).poll()
    assert not run.damage
    return {
        tag: list(zip(series.steps.tolist(), series.values.tolist(), strict=True))
        for tag, series in run.series.items()
    }


def test_what_summary_writer_writes_reads_equal(tmp_path: Path, load: Load) -> None:
    from torch.utils.tensorboard import SummaryWriter

    with SummaryWriter(tmp_path) as writer:
        for step, value in enumerate(VALUES):
            writer.add_scalar("old/loss", value, step)
            writer.add_scalar("new/loss", value, step, new_style=True)
        writer.add_histogram("weights", np.arange(10.0), 3)
        writer.add_text("note", "text", 3)
    theirs, ours = load(tmp_path), read_by_us(tmp_path)
    for tag in ("old/loss", "new/loss"):
        assert equal(theirs[tag], range(len(VALUES)), VALUES)
        assert equal(ours[tag], range(len(VALUES)), VALUES)


def test_what_event_file_writer_writes_reads_equal(tmp_path: Path, load: Load) -> None:
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.summary.writer.event_file_writer import EventFileWriter

    writer = EventFileWriter(str(tmp_path))
    for step, value in enumerate(VALUES):
        summary = Summary(value=[Summary.Value(tag=t, simple_value=value) for t in ("a", "b")])
        writer.add_event(Event(step=step, wall_time=1e9 + step, summary=summary))
    writer.close()
    theirs, ours = load(tmp_path), read_by_us(tmp_path)
    for tag in ("a", "b"):
        assert equal(theirs[tag], range(len(VALUES)), VALUES)
        assert equal(ours[tag], range(len(VALUES)), VALUES)
