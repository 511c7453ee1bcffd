from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lossmon.eventfile import batch
from lossmon.eventfile.encoding import ScalarEncoder, version_event
from lossmon.eventfile.framing import frame_all
from lossmon.eventfile.reader import RunReader
from lossmon.eventfile.wire import bytes_field, double_field, float_field, varint_field
from lossmon.records import Run

FOREIGN = "events.out.tfevents.1.host.1.0"


def event(tag: bytes, step: int, value: float) -> bytes:
    """A record as SummaryWriter makes it."""
    body = bytes_field(1, bytes_field(1, tag) + float_field(2, value))
    return double_field(1, 1e9 + step) + varint_field(2, step) + bytes_field(5, body)


def read(folder: Path, records: list[bytes]) -> Run:
    blocks = frame_all([version_event(1e9, "other"), *records])
    (folder / FOREIGN).write_bytes(b"".join(block.data for block in blocks))
    return RunReader(folder, "x", patience=0).poll()


def test_tags_of_one_length_keep_their_own_points(tmp_path: Path) -> None:
    tags = [f"layer{i:04}/norm" for i in range(1500)]
    run = read(
        tmp_path, [event(t.encode(), s, s + i) for s in range(3) for i, t in enumerate(tags)]
    )
    assert sorted(run.series) == tags
    for i, tag in enumerate(tags):
        assert run.series[tag].values.tolist() == [i, i + 1, i + 2]
        assert run.series[tag].steps.tolist() == [0, 1, 2]


def test_tags_of_many_lengths_and_values_side_by_side_keep_their_own_points(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    encode = ScalarEncoder()
    tags = ["a" * int(n) + f"{i}" for i, n in enumerate(rng.integers(1, 30, 300))]
    records = []
    for step in (0, 100, 200, 100_000):
        for i, tag in enumerate(tags):
            records.append(event(tag.encode(), step, step + i))
        records.append(encode(step, 1e9, {"pair/x": 1.0, "pair/y": 2.0}))
    run = read(tmp_path, records)
    assert len(run.series) == 302
    for i, tag in enumerate(tags):
        assert run.series[tag].values.tolist() == [i, 100 + i, 200 + i, 100_000 + i]
    assert run.series["pair/y"].values.tolist() == [2.0] * 4


def test_more_tags_than_the_limit_are_counted_as_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lossmon.eventfile.content._MAX_TAGS", 100)
    run = read(tmp_path, [event(f"tag{i:03}".encode(), 0, 1.0) for i in range(150)])
    assert len(run.series) == 100
    assert run.damage.records == 50


def test_an_empty_table_of_impossible_size_is_passed_over(tmp_path: Path) -> None:
    dims = b"".join(bytes_field(2, varint_field(1, n)) for n in (0, 1 << 62, 1 << 62))
    tensor = varint_field(1, 1) + bytes_field(2, dims) + bytes_field(4, b"")
    records = [
        double_field(1, 1e9)
        + varint_field(2, 0)
        + bytes_field(
            5, bytes_field(1, bytes_field(1, f"t{i:05}".encode()) + bytes_field(8, tensor))
        )
        for i in range(2000)
    ]
    assert list(read(tmp_path, [*records, event(b"loss", 0, 1.0)]).series) == ["loss"]


def test_the_first_tags_of_a_file_are_the_same_however_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lossmon.eventfile.content._MAX_TAGS", 4)
    names = [b"x" * n for n in range(12, 0, -1)]
    records = [event(name, step, 1.0) for step in range(3) for name in names]
    whole = read(tmp_path, records)
    assert sorted(whole.series) == sorted(name.decode() for name in names[:4])


def test_a_name_of_megabytes_costs_its_record_alone(tmp_path: Path) -> None:
    run = read(tmp_path, [event(b"x" * 5_000_000, 0, 1.0), event(b"loss", 0, 1.0)])
    assert list(run.series) == ["loss"]
    assert run.damage.records == 1


def test_a_long_record_without_sense_takes_no_memory_of_many_times_its_length(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(count: int) -> None:
        raise AssertionError(f"weights for {count} bytes")

    monkeypatch.setattr(batch, "_weights", refuse)
    run = read(tmp_path, [b"\x01" * 1_000_000, event(b"loss", 0, 1.0)])
    assert list(run.series) == ["loss"]
    assert run.damage.records == 1
