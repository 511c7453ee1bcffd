"""Answers of a host that means no good."""

from __future__ import annotations

import math
import tracemalloc
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossmon.errors import RemoteError
from lossmon.eventfile.sources.remote import Listed, Piece, ProtocolError
from lossmon.eventfile.sources.replies import Replies

EVENTS = "events.out.tfevents.1"
PIECE = Piece(EVENTS, "7:1", 0, 100, b"")


def replies(*blocks: bytes) -> Replies:
    rest = iter(blocks)
    return Replies(lambda: next(rest, b""))


def endless(block: bytes) -> Replies:
    return Replies(lambda: block)


def test_what_a_start_up_file_prints_is_passed_over() -> None:
    assert replies(b"Welcome\n\x1b[1mto\n", b"lossmon-agent 1 shell\n").greeting() == "shell"


@pytest.mark.parametrize("block", [b"\n", b"x" * 1000, b"lossmon-agent 2 python\n"])
def test_a_host_that_prints_without_end_is_given_up(block: bytes) -> None:
    with pytest.raises(ProtocolError):
        endless(block).greeting()


def test_a_listing_is_read_in_any_slices() -> None:
    text = f"s 12 {EVENTS}\n.\ni 7:9 {EVENTS}\n\nend ok 15\n".encode()
    for size in range(1, len(text)):
        found = replies(*(text[at : at + size] for at in range(0, len(text), size)))
        assert list(found.listing()) == [Listed(EVENTS, 12), Listed(EVENTS, None, "7:9")]
        assert (found.state, found.cost_s) == ("ok", 0.015)


def test_a_shell_does_not_say_what_its_listing_cost() -> None:
    found = replies(b"end missing -\n")
    assert list(found.listing()) == []
    assert found.state == "missing"
    assert math.isnan(found.cost_s)


@pytest.mark.parametrize("path", ["../tfevents", "/etc/tfevents", "a\x1b/tfevents", "passwd"])
def test_names_that_lead_elsewhere_are_left_out(path: str) -> None:
    assert list(replies(f"s 1 {path}\nend ok 1\n".encode()).listing()) == []


@pytest.mark.parametrize(
    "line",
    [
        b"s -1 tfevents",
        b"s 99999999999999999999 tfevents",
        b"i ../x tfevents",
        b"s tfevents",
        b"end",
        b"end ok 1e9",
        b"data 1 1",
        b"\xff\x00",
    ],
)
def test_a_listing_that_makes_no_sense_is_an_error(line: bytes) -> None:
    with pytest.raises(ProtocolError) as caught:
        list(replies(line + b"\n", b"end ok 1\n").listing())
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("block", [b"s 1 tfevents\n" * 100, b"s 1 " + b"a" * 4096, b"\n" * 100])
def test_a_listing_without_end_is_given_up(block: bytes) -> None:
    with pytest.raises(ProtocolError):
        list(endless(block).listing())


def taken(found: Replies, piece: Piece = PIECE) -> tuple[bytes, str]:
    blocks: list[bytes] = []
    outcome = found.data(piece, blocks.append)
    return b"".join(blocks), outcome


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"data 3 7:1\nabcwhole\n", (b"abc", "whole")),
        (b"data 3 7:1\nabcvoid\n", (b"abc", "void")),
        (b"data 0 7:1\nwhole\n", (b"", "whole")),
        (b"data 3 7:2\nabcwhole\n", (b"", "gone")),
        (b"gone\n", (b"", "gone")),
        (b"other\n", (b"", "other")),
        (b".\n.\ndata 2 7:1\n.\nwhole\n", (b".\n", "whole")),
    ],
)
def test_data_comes_with_how_it_ended(text: bytes, expected: tuple[bytes, str]) -> None:
    assert taken(replies(text)) == expected
    assert taken(replies(*(bytes([byte]) for byte in text))) == expected


@pytest.mark.parametrize(
    "text", [b"data 101 7:1\n", b"data -1 7:1\n", b"data 1099511627776 7:1\n", b"data 1 7:1\nxx\n"]
)
def test_a_length_that_was_not_asked_for_is_an_error(text: bytes) -> None:
    with pytest.raises(RemoteError):
        taken(replies(text))


def test_what_came_before_the_line_was_cut_is_kept() -> None:
    blocks: list[bytes] = []
    with pytest.raises(RemoteError, match="connection lost"):
        replies(b"data 10 7:1\nabc", b"de").data(PIECE, blocks.append)
    assert b"".join(blocks) == b"abcde"


def test_a_large_answer_takes_no_memory() -> None:
    size = 64 << 20

    def blocks() -> Iterator[bytes]:
        yield f"data {size} 7:1\n".encode()
        yield from (bytes(1 << 16) for _ in range(size >> 16))
        yield b"whole\n"

    stream = blocks()
    count = 0

    def take(data: bytes) -> None:
        nonlocal count
        count += len(data)

    tracemalloc.start()
    Replies(lambda: next(stream)).data(Piece(EVENTS, "7:1", 0, size, b""), take)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == size
    assert peak < 1 << 20


WORDS = st.sampled_from(
    [
        b"data ",
        b"s ",
        b"i ",
        b"end ok 1",
        b"\n",
        b".\n",
        b"7:1",
        b"whole",
        b"tfevents",
        b"../",
        b"9",
    ]
)
READERS: list[Callable[[Replies], object]] = [
    lambda found: found.greeting(),
    lambda found: list(found.listing()),
    lambda found: found.data(PIECE, lambda data: None),
]


@pytest.mark.parametrize("read", READERS, ids=["greeting", "listing", "data"])
@given(blocks=st.lists(st.binary(min_size=1, max_size=40) | WORDS, max_size=30))
def test_random_bytes_end_in_sense_or_in_one_clear_error(
    read: Callable[[Replies], object], blocks: list[bytes]
) -> None:
    said = ""
    try:
        read(replies(*blocks))
    except RemoteError as error:
        said = str(error)
    assert said.isprintable()
