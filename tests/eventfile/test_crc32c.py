"""Checksums against published vectors and against the definition."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import crc32c as reference
from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import masked_crc32c

from lossmon.eventfile import crc32c as checksums
from lossmon.eventfile.crc32c import crc_compact, crc_rows, mask, mask_rows


@pytest.fixture(autouse=True, params=["C", "numpy"], scope="module")
def _implementation(request: pytest.FixtureRequest) -> Iterator[None]:
    """Each test runs with the C library and without it."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "numpy":
            patch.setattr(checksums, "crc32c", checksums._python_crc32c)
        else:
            assert checksums.crc32c is not checksums._python_crc32c
        yield


def crc32c(data: bytes) -> int:
    return checksums.crc32c(data)


@pytest.mark.parametrize(
    ("data", "crc"),
    [
        (b"", 0),
        (b"123456789", 0xE3069283),
        (bytes(32), 0x8A9136AA),
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
        (bytes(reversed(range(32))), 0x113FDB5C),
    ],
)
def test_crc32c_gives_the_values_of_rfc_3720(data: bytes, crc: int) -> None:
    assert crc32c(data) == crc


@pytest.mark.parametrize("length", [1, 31, 32, 33, 135, 1499, 1501, 14_528])
@pytest.mark.parametrize("count", [1, 3, 64])
def test_crc_rows_equals_one_row_after_the_other(length: int, count: int) -> None:
    rows = np.random.default_rng(length).integers(0, 256, (count, length), np.uint8)
    expected = [reference(row.tobytes()) for row in rows[:3]]
    assert crc_rows(rows)[:3].tolist() == expected
    assert crc32c(rows[0].tobytes()) == expected[0]


@pytest.mark.parametrize("length", [1, 2, 3, 4, 5, 34, 135, 512])
def test_compact_rows_are_the_rows_and_have_their_checksums(length: int) -> None:
    frames = np.random.default_rng(length).integers(0, 256, (20, length + 16), np.uint8)
    rows, crcs = crc_compact(frames[:, 12:-4])
    np.testing.assert_array_equal(rows, frames[:, 12:-4])
    assert crcs.tolist() == [reference(row.tobytes()) for row in rows]


@given(st.binary(min_size=1, max_size=300))
def test_mask_equals_what_tensorboard_stores(data: bytes) -> None:
    row = np.frombuffer(data, np.uint8)[None]
    assert mask(crc32c(data)) == masked_crc32c(data) == int(mask_rows(crc_rows(row))[0])


def test_crc_rows_of_nothing_is_zero() -> None:
    assert crc_rows(np.zeros((2, 0), np.uint8)).tolist() == [0, 0]
    assert crc_rows(np.zeros((0, 5), np.uint8)).tolist() == []
