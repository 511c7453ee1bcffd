"""The data of frames: the same whether frames of all lengths are checked in one pass or not."""

from __future__ import annotations

import numpy as np
import pytest

from lossmon.eventfile.framing import HEADER, Scanner, frame
from lossmon.eventfile.payload import payloads

SHORT = [bytes(range(7)), b"x", bytes(200), b"abcdef", b"y" * 43, b"z", b"", bytes(range(9))]


def read(data: bytes) -> dict[int, tuple[bytes, bool]]:
    """Return data and soundness of each frame by its index."""
    return {
        int(i): (row.tobytes(), bool(sound))
        for payload in payloads(data, Scanner().scan(data))
        for i, row, sound in zip(*payload, strict=True)
    }


@pytest.mark.parametrize("longer", [[], [bytes(700)], [b"w" * 513, bytes(100_000)]])
def test_frames_of_all_lengths_come_back_whole(longer: list[bytes]) -> None:
    records = [*SHORT, *longer, *SHORT * 5]

    found = read(b"".join(frame(record) for record in records))

    assert found == {i: (record, True) for i, record in enumerate(records)}


def test_flipped_bit_of_any_byte_makes_its_own_frame_unsound() -> None:
    records = SHORT * 2
    data = b"".join(frame(record) for record in records)
    ends = np.cumsum([len(frame(record)) for record in records])

    for i, end in enumerate(ends.tolist()):
        for at in range(end - len(records[i]) - 4, end):
            damaged = data[:at] + bytes([data[at] ^ 4]) + data[at + 1 :]
            assert [n for n, (_, sound) in read(damaged).items() if not sound] == [i]


def test_first_frame_may_be_the_shortest() -> None:
    data = frame(b"a") + frame(bytes(HEADER * 30))

    assert read(data) == {0: (b"a", True), 1: (bytes(HEADER * 30), True)}


def test_many_frames_are_checked_length_by_length_with_the_same_result() -> None:
    records = [bytes([i % 251]) * (50 + i % 3) for i in range(30_000)]

    found = read(b"".join(frame(record) for record in records))

    assert found == {i: (record, True) for i, record in enumerate(records)}
