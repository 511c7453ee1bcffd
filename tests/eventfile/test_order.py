"""What a log says does not depend on the moments at which it was read."""

from __future__ import annotations

from dataclasses import replace
from io import FileIO
from pathlib import Path

import numpy as np
import pytest

from lossmon.eventfile import tail
from lossmon.eventfile.encoding import ScalarEncoder, text_event
from lossmon.eventfile.framing import frame
from lossmon.eventfile.logdir import read_runs
from lossmon.eventfile.meta import meta_json
from lossmon.eventfile.reader import RunReader
from lossmon.eventfile.resync import Resync
from lossmon.eventfile.wire import bytes_field, double_field, varint_field
from lossmon.eventfile.writer import RunWriter
from lossmon.records import ParameterInfo, RunMeta
from lossmon.signals import META_TAG

FOREIGN = "events.out.tfevents.1.host.1.0"


def scalars(count: int) -> bytes:
    encode = ScalarEncoder()
    return b"".join(frame(encode(step, 1e9 + step, {"loss": 1.0})) for step in range(count))


def test_a_read_that_failed_once_is_made_up_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / FOREIGN).write_bytes(scalars(100))
    reader, original, failed = RunReader(tmp_path, "x"), tail.read_at, []

    def failing(file: FileIO, at: int, size: int) -> bytes:
        if not failed:
            failed.append(at)
            raise OSError(5, "Input/output error")
        return original(file, at, size)

    monkeypatch.setattr(tail, "read_at", failing)
    assert reader.poll().damage.files == (f"{FOREIGN}: Input/output error",)
    assert len(reader.poll().series["loss"]) == 100


def test_the_last_metadata_of_a_file_counts_however_long_it_is(
    tmp_path: Path, meta: RunMeta
) -> None:
    many = tuple(ParameterInfo(f"layer{i}.weight", (4, 4)) for i in range(50))
    texts = [meta_json(replace(meta, parameters=many)), meta_json(meta)]
    records = [frame(text_event(META_TAG, 0, 1e9, text)) for text in texts]
    (tmp_path / "events.out.tfevents.1.h.1.0.lossmon").write_bytes(b"".join(records))
    assert RunReader(tmp_path, "x", patience=0).poll().meta == meta


def test_the_newest_of_many_sets_of_parameters_counts(tmp_path: Path, meta: RunMeta) -> None:
    writer, width = RunWriter(tmp_path, meta), len(meta.parameter_signals)
    totals = np.zeros((1, len(meta.run_signals)), np.float32)
    for part in range(12):
        rows = tuple(ParameterInfo(f"p{i}", (2,)) for i in range(part + 1))
        writer.new_meta(replace(meta, parameters=rows))
        writer.scalars(part, 1e9 + part, {"train/loss": 1.0})
        table = np.full((part + 1, width), part, np.float32)
        writer.wide(part, 1e9 + part, table, np.zeros((0, 0), np.float32), totals)
    writer.close()
    run = RunReader(tmp_path, "x", patience=0).poll()
    assert run.meta is not None
    assert len(run.meta.parameters) == 12


def test_a_settings_folder_hides_no_run_of_its_name(tmp_path: Path) -> None:
    root = tmp_path / "exp"
    (root / "exp").mkdir(parents=True)
    (root / FOREIGN).write_bytes(scalars(5))
    plugin = bytes_field(9, bytes_field(1, bytes_field(1, b"hparams")))
    value = bytes_field(1, bytes_field(1, b"_hparams_/session_start_info") + plugin)
    settings = double_field(1, 1e9) + varint_field(2, 0) + bytes_field(5, value)
    (root / "exp" / FOREIGN).write_bytes(frame(settings))
    (run,) = read_runs(root)
    assert len(run.series["loss"]) == 5


def test_what_was_searched_in_vain_is_not_searched_again() -> None:
    noise = np.random.default_rng(0).bytes(100_000)
    looked: list[int] = []

    def read(at: int, size: int) -> bytes:
        looked.append(min(size, len(noise) - at))
        return noise[at : at + size]

    resync = Resync()
    assert resync.search(read, 1, len(noise) - 100) == -1
    looked.clear()
    assert resync.search(read, 1, len(noise)) == -1
    assert sum(looked) < 1000
