"""Files cut, flipped and made up: reading never raises, and loses at most what was touched."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lossmon.eventfile.crc32c import masked_bytes
from lossmon.eventfile.encoding import ScalarEncoder
from lossmon.eventfile.framing import OVERHEAD, frame
from lossmon.eventfile.reader import RunReader
from lossmon.eventfile.writer import RunWriter
from lossmon.records import Run, RunMeta

STEPS = 3


def write(logdir: Path) -> tuple[Path, Path]:
    """Write a run of three steps with one wide number each; return its two files."""
    meta = RunMeta("run", "start", run_signals=("a",))
    writer = RunWriter(logdir, meta)
    none = np.zeros((0, 0), np.float32)
    for step in range(STEPS):
        writer.scalars(step, 1e9 + step, {"train/loss": float(step)})
        writer.wide(step, 1e9 + step, none, none, np.full((1, 1), step, np.float32))
    writer.close()
    (scalars,) = (logdir / "lossmon").glob("events*")
    (stats,) = (logdir / "lossmon").glob("*.stats")
    return scalars, stats


def read(logdir: Path) -> Run:
    return RunReader(logdir, "x", patience=0).poll()


def ends(data: bytes) -> list[int]:
    """Return where each record ends."""
    found, at = [], 0
    while at < len(data):
        at += struct.unpack_from("<Q", data, at)[0] + OVERHEAD
        found.append(at)
    return found


def losses(run: Run) -> dict[int, float]:
    return points(run, "train/loss")


def points(run: Run, tag: str) -> dict[int, float]:
    series = run.series.get(tag)
    if series is None:
        return {}
    return dict(zip(series.steps.tolist(), series.values.tolist(), strict=True))


def wides(run: Run) -> dict[int, float]:
    if run.totals is None:
        return {}
    assert not isinstance(run.totals.values, np.ndarray)
    values = run.totals.values.column(0, slice(None))[:, 0]
    return dict(zip(run.totals.steps.tolist(), values.tolist(), strict=True))


KINDS = pytest.mark.parametrize(("kind", "stride"), [("small", 1), ("scalars", 53), ("stats", 53)])
"""A small file is tried at every place, those with metadata at places that shift within a byte."""


def a_file(logdir: Path, kind: str) -> tuple[Path, Callable[[Run], dict[int, float]]]:
    """Return an event file of three steps, and what a run says of them."""
    if kind != "small":
        scalars, stats = write(logdir)
        return (scalars, losses) if kind == "scalars" else (stats, wides)
    encode = ScalarEncoder()
    path = logdir / "events.out.tfevents.1"
    frames = (frame(encode(step, 1e9 + step, {"l": float(step)})) for step in range(STEPS))
    path.write_bytes(b"".join(frames))
    return path, lambda run: points(run, "l")


@KINDS
def test_cut_at_any_byte_the_whole_records_are_read(tmp_path: Path, kind: str, stride: int) -> None:
    path, steps = a_file(tmp_path, kind)
    data = path.read_bytes()
    borders = ends(data)
    heads = len(borders) - STEPS
    for cut in range(0, len(data) + 1, -(-stride // 8)):
        path.write_bytes(data[:cut])
        run = read(tmp_path)
        whole = sum(border <= cut for border in borders)
        assert steps(run) == {step: float(step) for step in range(whole - heads)}, cut
        assert not run.damage, "a half record may still become whole"


@KINDS
def test_any_flipped_bit_costs_its_record_at_most_and_is_counted(
    tmp_path: Path, kind: str, stride: int
) -> None:
    path, steps = a_file(tmp_path, kind)
    data = path.read_bytes()
    borders = ends(data)
    heads = len(borders) - STEPS
    for bit in range(0, 8 * len(data), stride):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        path.write_bytes(bytes(flipped))
        run = read(tmp_path)
        touched = sum(border <= bit // 8 for border in borders) - heads
        assert steps(run) == {step: float(step) for step in range(STEPS) if step != touched}, bit
        assert run.damage, bit


def header(length: int, *, checked: bool) -> bytes:
    packed = struct.pack("<Q", length)
    return packed + (masked_bytes(packed) if checked else b"\x00\x01\x02\x03")


HEADERS = st.builds(header, st.integers(0, 2**64 - 1), checked=st.booleans()) | st.builds(
    header, st.integers(0, 4096), checked=st.just(True)
)


@settings(max_examples=80)
@given(heads=st.lists(HEADERS, min_size=1, max_size=4), body=st.binary(max_size=200), at=st.data())
def test_made_up_headers_cost_no_record_that_is_whole(
    tmp_path: Path, heads: list[bytes], body: bytes, at: st.DataObject
) -> None:
    folder = tmp_path / "made-up"
    if not folder.exists():
        write(folder)
    (path,) = (folder / "lossmon").glob("events*")
    original = tmp_path / "original"
    if not original.exists():
        original.write_bytes(path.read_bytes())
    data = original.read_bytes()
    border = at.draw(st.sampled_from([0, *ends(data)]))
    path.write_bytes(data[:border] + b"".join(heads) + body + data[border:])
    found = losses(read(folder))
    before = {step: float(step) for step in range(STEPS) if ends(data)[3 + step] <= border}
    assert found.items() >= before.items()
    assert found.items() <= {step: float(step) for step in range(STEPS)}.items()


@given(payload=st.binary(max_size=300))
def test_made_up_messages_of_sound_checksums_cost_no_other(tmp_path: Path, payload: bytes) -> None:
    folder = tmp_path / "messages"
    if not folder.exists():
        write(folder)
    (path,) = (folder / "lossmon").glob("events*")
    original = tmp_path / "original"
    if not original.exists():
        original.write_bytes(path.read_bytes())
    data = original.read_bytes()
    border = ends(data)[-2]
    path.write_bytes(data[:border] + frame(payload) + data[border:])
    assert set(losses(read(folder))) >= {0, 1, 2}


@settings(max_examples=30)
@given(content=st.binary(max_size=3000), seed=st.integers(0, 2**32 - 1))
def test_noise_never_raises(tmp_path: Path, content: bytes, seed: int) -> None:
    noise = np.random.default_rng(seed).bytes(len(content))
    framed = b"".join(frame(piece) for piece in (content, noise, content[: OVERHEAD * 2]))
    (tmp_path / "events.out.tfevents.1.host").write_bytes(framed)
    read(tmp_path)
