"""A host that lies about its files: what it may cost is bounded, and it ends."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from lossmon.eventfile.sources import copying
from lossmon.eventfile.sources.copying import Copying
from lossmon.eventfile.sources.mirror import Mirror
from lossmon.eventfile.sources.remote import FinalError, Listed, Outcome, Piece, Sink

NAME = "events.out.tfevents.1"


class Host:
    """Lists what it is given; answers every read with `answer`, which says how it ended."""

    cost_s = math.nan

    def __init__(self, listing: Sequence[Listed], answer: Callable[[Piece, Sink], Outcome]) -> None:
        self.listing, self.answer = list(listing), answer
        self.asked: list[Piece] = []

    def changes(self) -> Iterator[Listed]:
        listing, self.listing = self.listing, []
        yield from listing

    def read(self, pieces: Sequence[Piece], sink: Sink) -> None:
        for piece in pieces:
            self.asked.append(piece)
            sink.ended(piece, self.answer(piece, sink))

    def cut(self) -> None:
        pass

    def close(self) -> None:
        pass


def honest(piece: Piece, sink: Sink) -> Outcome:
    sink.block(piece, bytes(piece.length))
    return "whole"


@pytest.fixture
def copies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Copying:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return Copying(Mirror("runs"))


def test_scalars_of_all_runs_come_before_the_bulk(copies: Copying) -> None:
    wide = "a/lossmon.9.h.1.ab.r0.stats"
    names = {wide: 1 << 30, f"a/{NAME}": 100, f"b/{NAME}0": 100}
    host = Host([Listed(path, size, "1") for path, size in names.items()], honest)
    copies.advance(host, 4096)
    assert [(piece.path, piece.length) for piece in host.asked] == [
        (f"b/{NAME}0", 100),
        (f"a/{NAME}", 100),
        (wide, 4096 - 200),
    ]
    host.listing = [Listed(f"a/{NAME}", 150)]
    copies.advance(host, 4096)
    assert [(piece.path, piece.offset, piece.length) for piece in host.asked[3:]] == [
        (f"a/{NAME}", 100, 50),
        (wide, 4096 - 200, 4096 - 50),
    ]


def test_more_files_than_anybody_has_are_left_out(
    copies: Copying, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copying, "MOST_FILES", 3)
    host = Host([Listed(f"{number}/{NAME}", 1, "1") for number in range(9)], honest)
    copies.advance(host, 1000)
    assert len(host.asked) == 3
    assert copies.is_capped


def test_more_bytes_than_may_be_held_are_refused_for_good(
    copies: Copying, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copying, "MOST_BYTES", 1000)
    with pytest.raises(FinalError, match="name one run"):
        copies.advance(Host([Listed(NAME, 1 << 50, "1")], honest), 4096)


@pytest.mark.parametrize("outcome", ["whole", "void", "gone"])
def test_a_file_that_is_shorter_than_listed_is_asked_for_once(
    copies: Copying, outcome: Outcome
) -> None:
    host = Host([Listed(NAME, 1 << 50, "1")], lambda piece, sink: outcome)
    for _ in range(5):
        copies.advance(host, 4096)
    assert len(host.asked) == 1
    assert copies.missing_bytes == 0
    host.listing = [Listed(NAME, 1 << 49)]
    copies.advance(host, 4096)
    assert len(host.asked) == 2


def test_a_file_that_is_another_one_each_time_is_given_up(copies: Copying) -> None:
    host = Host([Listed(NAME, 100, "1")], lambda piece, sink: "other")
    for _ in range(2000):
        copies.advance(host, 4096)
    assert len(host.asked) == 1000


def test_a_file_where_another_needs_a_folder_is_given_up(copies: Copying) -> None:
    listing = [Listed(NAME, 10, "1"), Listed(f"{NAME}/{NAME}", 100, "2")]
    host = Host(listing, honest)
    copies.advance(host, 20)
    for size in (200, 300):
        host.listing = [Listed(f"{NAME}/{NAME}", size)]
        copies.advance(host, 20)
    assert [piece.path for piece in host.asked] == [NAME, f"{NAME}/{NAME}"]
