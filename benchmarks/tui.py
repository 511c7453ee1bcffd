"""What terminal viewers send and take, through a real pseudo-terminal: ours and its peers.

    python benchmarks/tui.py [--seconds 15] [--rounds 3] [--logs FOLDER] [--only NAME ...]
                             [--markdown] [--json FILE]

Peers are measured where they are installed (`pip install --group benchmarks`). Finished logs of
10 thousand to 10 million steps, and of a thousand runs, are written once, to FOLDER where it is
given. Live, a training writes 20 steps a second beyond 3,000, and every viewer that can be told to
looks twice a second. Bytes are all that leaves the program; CPU is that of all its processes, from
their start; a start ends when text, and when three cells of braille beside each other, have come.
`import textual` stands beside them: on a slow or busy machine all times grow as that one does.
"""

from __future__ import annotations

import argparse
import json
import math
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from terminal import Terminal
from tuilogs import LENGTHS, finished, growing, growing_for_wandb
from tuipeers import SUBJECTS, Subject

SIZES = ((80, 24), (200, 50))
LINES = (16, 64)
"""Kilobytes a second."""
LONGEST_S = 60.0
CURVE = rb"(?:\xe2[\xa0-\xa3][\x80-\xbf](?:\x1b\[[0-9;]*m)*){3}"
ESCAPES = re.compile(rb"\x1b\[[0-9;:?<>=]*[ -/]*[@-~]|\x1b[\]P][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b.")
BUDGETS = {
    "10k: CPU s to the first frame": 0.3,
    "1 M: s to the first curve": 1.0,
    "idle 80x24: bytes/s": 0.0,
    "live 80x24: bytes/s": 2000.0,
    "live 200x50: bytes/s": 5000.0,
    "80x24: ms from a key to the screen, 16 KB/s": 100.0,
}
"""What lossmon promises itself."""

Row = tuple[str, float]
Start = Callable[[int, int], Terminal]


def has_text(sent: bytes) -> bool:
    """Return whether something can be read on the screen."""
    return len(ESCAPES.sub(b"", sent).split()) > 3


def until(terminal: Terminal, holds: Callable[[bytes], object]) -> float:
    """Return the seconds since its start until something holds; inf after a minute."""
    while not holds(bytes(terminal.sent)):
        if time.perf_counter() - terminal.began > LONGEST_S:
            return math.inf
        terminal.read(0.01)
    return time.perf_counter() - terminal.began


def starts(name: str, start: Start) -> Iterator[Row]:
    """Yield what a start takes until the first frame and until the first curve."""
    terminal = start(80, 24)
    until(terminal, has_text)
    yield f"{name}: CPU s to the first frame", terminal.cpu()
    wall = until(terminal, re.compile(CURVE).search)
    yield f"{name}: s to the first curve", wall
    yield f"{name}: CPU s to the first curve", math.inf if math.isinf(wall) else terminal.cpu()
    terminal.read(4)
    yield f"{name}: bytes in the first seconds", float(len(terminal.sent))
    yield f"{name}: MB of memory", terminal.memory() / 1e6
    terminal.close()


def rates(
    name: str, start: Start, size: tuple[int, int], keys: str, seconds: float
) -> Iterator[Row]:
    """Yield bytes a second and CPU seconds a minute once the first screens are painted."""
    terminal = start(*size)
    until(terminal, re.compile(CURVE).search)
    terminal.read(3)
    if keys:
        terminal.press(keys)
        terminal.read(2)
    sent, spent = len(terminal.sent), terminal.cpu()
    terminal.read(seconds)
    at = f"{name} {size[0]}x{size[1]}"
    yield f"{at}: bytes/s", (len(terminal.sent) - sent) / seconds
    yield f"{at}: CPU s a minute", (terminal.cpu() - spent) * 60 / seconds
    yield f"{at}: MB of memory", terminal.memory() / 1e6
    terminal.close()


def latency(
    start: Start, size: tuple[int, int], subject: Subject, line: int, rounds: int
) -> Iterator[Row]:
    """Yield the milliseconds from a key to what it shows, on a slow line, while it trains."""
    terminal = start(*size)
    pace = line * 1000
    terminal.read(12, bytes_per_s=pace)
    if subject.enters:
        terminal.press(subject.enters)
        terminal.read(3, bytes_per_s=pace)
    spent = []
    for key, shown in subject.keys * rounds:
        terminal.press(key)
        spent.append(terminal.read(LONGEST_S / 2, until=shown, bytes_per_s=pace))
        terminal.read(1, bytes_per_s=pace)
        terminal.press(key)
        terminal.read(1.5, bytes_per_s=pace)
    at = f"{size[0]}x{size[1]}: ms from a key to the screen, {line} KB/s"
    yield at, 1000 * statistics.median(spent)
    terminal.close()


def import_textual() -> float:
    """Return the CPU seconds of importing what every program of Textual's imports."""
    terminal = Terminal([sys.executable, "-c", "import textual.app; input()"], columns=80, rows=24)
    before = -1.0
    while terminal.cpu() > before:
        before = terminal.cpu()
        terminal.read(0.5)
    terminal.press("\n")
    terminal.wait(5)
    return before


def measured(subject: Subject, logs: Path, args: argparse.Namespace) -> Iterator[Row]:
    """Yield everything measured of one viewer."""

    def on(root: Path) -> Start:
        return lambda columns, rows: Terminal(subject.words(root), columns=columns, rows=rows)

    with tempfile.TemporaryDirectory() as folder:
        if subject.reads_wandb:
            with growing_for_wandb(Path(folder) / "ended", steps=10_000, live=False) as root:
                yield from _rounds(args.rounds, lambda: starts("10k", on(root)))
                yield from rates("idle", on(root), SIZES[0], "", args.seconds)
        else:
            if not subject.enters:
                for name in (*LENGTHS, "1000 runs"):
                    rounds = args.rounds if name in ("10k", "1 M") else 1
                    yield from _rounds(rounds, lambda n=name: starts(n, on(logs / n)))
            yield from rates("idle", on(logs / "10k"), SIZES[0], subject.enters, args.seconds)
        grow = growing_for_wandb if subject.reads_wandb else growing
        with grow(Path(folder) / "live") as root:
            time.sleep(2)
            for size in SIZES:
                yield from rates("live", on(root), size, subject.enters, args.seconds)
            for size, line in ((SIZES[0], 16), (SIZES[0], 64), (SIZES[1], 16)):
                yield from latency(on(root), size, subject, line, args.rounds)


def _rounds(count: int, measure: Callable[[], Iterator[Row]]) -> Iterator[Row]:
    """Yield the median of several rounds of rows."""
    tables = [dict(measure()) for _ in range(count)]
    for name in tables[0]:
        yield name, statistics.median(table[name] for table in tables)


def table(found: dict[str, dict[str, float]], *, markdown: bool) -> str:
    """Return the numbers of all viewers beside the budgets; a missed one is marked."""
    names = list(dict.fromkeys(name for rows in found.values() for name in rows))
    head = ["", "budget", *found]
    lines = [head, ["---"] * len(head)] if markdown else [head]
    for name in names:
        budget = BUDGETS.get(name)
        cells = [name, "" if budget is None else f"{budget:g}"]
        for subject, rows in found.items():
            value = rows.get(name)
            missed = budget is not None and value is not None and value > budget
            mark = " (missed)" if missed and subject.startswith("lossmon") else ""
            cells.append(_cell(value) + mark)
        lines.append(cells)
    if markdown:
        return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)
    return "".join(f"{line[0]:46}" + "".join(f"{c:>18}" for c in line[1:]) + "\n" for line in lines)


def _cell(value: float | None) -> str:
    if value is None:
        return "-"
    if math.isinf(value):
        return f"> {LONGEST_S:.0f}"
    return f"{value:,.0f}" if value >= 100 else f"{value:.2g}"


def main() -> None:
    """Measure, print a table, write JSON."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=15.0, help="length of each recording")
    parser.add_argument(
        "--rounds", type=int, default=3, help="starts and keys, of which the median"
    )
    parser.add_argument("--logs", type=Path, help="where the finished logs are, or are written")
    parser.add_argument("--only", nargs="+", help="these viewers alone")
    parser.add_argument("--markdown", action="store_true", help="print a table for the docs")
    parser.add_argument("--json", type=Path, help="write the numbers there as well")
    args = parser.parse_args()
    found: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        logs = args.logs or Path(folder)
        finished(logs, [*LENGTHS, "1000 runs"])
        for subject in SUBJECTS:
            if subject.is_here and (not args.only or subject.name in args.only):
                found[subject.name] = dict(measured(subject, logs, args))
                print(f"{subject.name}: done", file=sys.stderr, flush=True)
    print(f"import textual: {import_textual():.2g} CPU s\n")
    print(table(found, markdown=args.markdown), end="")
    if args.json:
        args.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
