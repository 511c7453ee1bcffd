"""What the other ranks of a job add to the log of rank 0: their shards, and how they ended."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from lossmon import signals
from lossmon.eventfile.liveness import SILENT_S
from lossmon.eventfile.pooling import PooledNumbers, RankNumbers, beside, shards_of
from lossmon.eventfile.sessions import Session, SourceFile, sessions
from lossmon.eventfile.shardtotals import ShardTotals
from lossmon.eventfile.widenumbers import FILE_BIT, Kept
from lossmon.eventfile.widetables import WideTables
from lossmon.records import Mark, RunMeta, Series, Table

SETTLED_S = 5.0
"""After so long, all that ranks will ever write of a step has come."""
_TAG = signals.PARAMETERS_TAG
_ENDS = ("closed", "exception")


@dataclass(frozen=True, slots=True)
class Others:
    """What a run gains by its other ranks."""

    parameters: Table | None
    series: Mapping[str, Series] = field(default_factory=dict)
    """Norms over all parameters, which no rank knows by itself where they are sharded."""
    marks: tuple[Mark, ...] = ()


class Ranks:
    """Keeps what it built from poll to poll."""

    def __init__(self, kept: Kept) -> None:
        self._kept = kept
        self._tables: dict[int, WideTables] = {}
        self._totals = ShardTotals()
        self.at_work: tuple[int, ...] = ()
        """Other ranks of the newest start that have neither ended nor fallen silent."""

    def update(
        self,
        files: Iterable[SourceFile],
        own: Sequence[Session],
        meta: RunMeta | None,
        wide: WideTables,
        parameters: Table | None,
    ) -> Others:
        """Return what the files of other ranks add to rank 0's sessions and parameter table."""
        of_rank: dict[int, list[SourceFile]] = {}
        for file in files:
            if file.name.rank > 0:
                of_rank.setdefault(file.name.rank, []).append(file)
        ordered = {rank: sessions(found) for rank, found in sorted(of_rank.items())}
        marks, self.at_work = _endings(own, ordered, meta)
        numbers = wide.numbers(_TAG)
        if parameters is None or numbers is None or meta is None:
            return Others(parameters, marks=marks)
        shards = [shards_of(each, meta) for each in wide.metas[_TAG]]
        if not any(each.are_parts for each in shards):
            return Others(parameters, marks=marks)
        own_files = numbers.references >> FILE_BIT
        first = RankNumbers(numbers, np.arange(len(parameters)), own_files, shards)
        found = [first]
        for rank, its_sessions in ordered.items():
            found += self._beside(rank, its_sessions, meta, parameters, first)
        pooled = PooledNumbers(tuple(found), parameters.signals)
        settled = _settled(pooled, parameters, own)
        table = replace(
            parameters,
            steps=parameters.steps[:settled],
            wall_times=parameters.wall_times[:settled],
            values=pooled,
        )
        return Others(table, self._totals.update(table, pooled, meta, numbers.owner), marks)

    def _beside(
        self,
        rank: int,
        its_sessions: Sequence[Session],
        meta: RunMeta,
        parameters: Table,
        first: RankNumbers,
    ) -> list[RankNumbers]:
        wide = self._tables.setdefault(rank, WideTables(self._kept))
        table, numbers = wide.update(its_sessions, meta)[_TAG], wide.numbers(_TAG)
        if table is None or numbers is None:
            return []
        return [
            beside(
                parameters.steps,
                [each.run_id for each in first.shards],
                first.files,
                steps=table.steps,
                numbers=numbers,
                shards=[shards_of(each, meta) for each in wide.metas[_TAG]],
            )
        ]


def _endings(
    own: Sequence[Session], others: Mapping[int, Sequence[Session]], meta: RunMeta | None
) -> tuple[tuple[Mark, ...], tuple[int, ...]]:
    """Return a mark for each rank of the newest start that failed or fell silent; and who goes on.

    Silent is measured against the last word of rank 0, so that no clock is asked.
    """
    mine = [session for session in own if session.meta is not None]
    lost: list[Mark] = []
    at_work: list[int] = []
    for rank, its_sessions in others.items() if meta is not None and mine else ():
        partners = [s for s in its_sessions if s.meta and meta and s.meta.run_id == meta.run_id]
        if not partners:
            continue
        mark = _ending(rank, partners, mine[-1].last_wall)
        if mark is None:
            at_work.append(rank)
        elif mark.kind == signals.RANK_LOST:
            lost.append(mark)
    return tuple(lost), tuple(at_work)


def _ending(rank: int, partners: Sequence[Session], last_wall: float) -> Mark | None:
    """Return how a rank ended: with a word, an exception, or silence; None where it goes on."""
    ends = [m for s in partners for c in s.files for m in c.marks if m.kind in _ENDS]
    failed = [mark for mark in ends if mark.kind == "exception"]
    if failed:
        detail = {"rank": rank, **failed[-1].detail}
        return replace(failed[-1], kind=signals.RANK_LOST, detail=detail)
    heard = max(session.last_wall for session in partners)
    if not ends and last_wall - heard > SILENT_S:
        return Mark(_last_step(partners), heard, signals.RANK_LOST, {"rank": rank})
    return ends[-1] if ends else None


def _last_step(partners: Sequence[Session]) -> int:
    steps = [p.last_step for s in partners for c in s.files for p in c.wide.values() if len(p)]
    return max(steps, default=0)


def _settled(pooled: PooledNumbers, parameters: Table, own: Sequence[Session]) -> int:
    """Return how many records will never change: others' may come a little later than rank 0's."""
    n = len(parameters)
    complete = pooled.complete(np.arange(n))
    newest = [session for session in own if session.meta is not None][-1:]
    over = any(mark.kind in _ENDS for s in newest for c in s.files for mark in c.marks)
    last_wall = math.inf if over else max((s.last_wall for s in newest), default=math.inf)
    waiting = ~complete & (parameters.wall_times > last_wall - SETTLED_S)
    return int(np.argmax(waiting)) if waiting.any() else n
