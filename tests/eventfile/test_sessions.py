"""What a later start supersedes, said in the plainest way and compared."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lossmon.eventfile.content import FileContent
from lossmon.eventfile.part import NO_LIMIT
from lossmon.eventfile.points import Points
from lossmon.eventfile.sessions import Session, parts


def session(own: bool, first: int, wall: float, length: float) -> Session:
    content = FileContent()
    points = content.scalars["loss"] = Points()
    points.append(np.arange(first, first + 3), np.zeros(3), np.zeros(3))
    return Session("x", own, (content,), None, wall, wall + length)


def limits(ordered: Sequence[Session]) -> list[int]:
    return [part.limit for part in parts(ordered, lambda content: content.scalars.get("loss"))]


def plain_limits(ordered: Sequence[Session]) -> list[int]:
    def cut(older: Session, newer: Session) -> bool:
        ended = newer.own or older.last_wall <= newer.first_wall
        return newer.own == older.own and ended

    def first(one: Session) -> int:
        return one.files[0].scalars["loss"].first_step

    return [
        min([first(later) for later in ordered[i + 1 :] if cut(one, later)], default=NO_LIMIT)
        for i, one in enumerate(ordered)
    ]


@given(
    rows=st.lists(
        st.tuples(st.booleans(), st.integers(0, 99), st.integers(0, 9), st.integers(0, 9)),
        max_size=12,
    )
)
def test_a_start_is_cut_by_the_lowest_step_of_those_that_supersede_it(
    rows: list[tuple[bool, int, int, int]],
) -> None:
    ordered = [session(*row) for row in sorted(rows, key=lambda row: row[2])]
    assert limits(ordered) == plain_limits(ordered)


def test_two_foreign_writers_side_by_side_leave_each_other_alone() -> None:
    assert limits([session(False, 0, 0, 10), session(False, 1, 5, 10)]) == [NO_LIMIT, NO_LIMIT]
    assert limits([session(False, 0, 0, 5), session(False, 1, 5, 10)]) == [1, NO_LIMIT]
