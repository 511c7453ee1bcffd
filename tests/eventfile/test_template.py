"""What is remembered of decoded records changes no result."""

from __future__ import annotations

import numpy as np
import pytest
from tensorboard.compat.proto import event_pb2, summary_pb2

from lossmon.eventfile import template
from lossmon.eventfile.event import decode_event
from lossmon.eventfile.template import template_of


def record(tag: str, step: int, value: float = 0.5, wall: float = 7.0) -> bytes:
    summary = summary_pb2.Summary(
        value=[summary_pb2.Summary.Value(tag=tag, simple_value=value)],
    )
    return bytes(event_pb2.Event(wall_time=wall, step=step, summary=summary).SerializeToString())


def row(data: bytes) -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
    return np.frombuffer(data, np.uint8)


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(template, "_KNOWN", {})


def test_records_that_differ_in_numbers_alone_share_a_template() -> None:
    first = template_of(row(record("loss", 3)))

    assert template_of(row(record("loss", 99, 1e9, 8.5))) is first


@pytest.mark.parametrize(
    "other", [record("lose", 3), record("loss", 300), record("lossy", 3), b"\xff" * 26]
)
def test_records_that_differ_in_more_are_decoded_themselves(other: bytes) -> None:
    first = template_of(row(record("loss", 3)))
    found = template_of(row(other))

    assert first is not None
    assert found is not first
    if found is not None:
        assert found.event == decode_event(other)


def test_rows_fit_by_tag_and_length_of_step() -> None:
    like = template_of(row(record("loss", 3)))
    rows = np.stack([row(record(tag, step)) for tag, step in (("loss", 4), ("lose", 4))])

    assert like is not None
    assert like.fits(rows).tolist() == [True, False]


def test_memory_is_bounded_whatever_is_read() -> None:
    for length in range(1, 400):
        for other in range(40):
            template_of(row(record("a" * length + str(other % 10), other)))

    kept = [len(known.templates) for known in template._KNOWN.values()]
    assert len(kept) <= 256
    assert max(kept) <= 16
