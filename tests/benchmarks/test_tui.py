from __future__ import annotations

import math
import sys
from pathlib import Path

from terminal import Terminal
from tui import BUDGETS, has_text, table

BUDGET = "live 80x24: bytes/s"


def test_a_missed_budget_is_marked_and_a_peer_has_none() -> None:
    found = {"lossmon": {BUDGET: 2001.0, "other": 0.123}, "peer": {BUDGET: 90_000.0}}
    markdown = table(found, markdown=True).splitlines()
    assert markdown[0] == "|  | budget | lossmon | peer |"
    assert markdown[2] == f"| {BUDGET} | {BUDGETS[BUDGET]:g} | 2,001 (missed) | 90,000 |"
    assert markdown[3] == "| other |  | 0.12 | - |"


def test_what_is_never_reached_is_said() -> None:
    assert "> 60" in table({"peer": {"s to the first curve": math.inf}}, markdown=False)


def test_escapes_and_blanks_are_no_text() -> None:
    assert not has_text(b"\x1b[?1049h\x1b[2J\x1b[48;5;233m        \x1b]2;a b c d e\x07\x1b[1;1H")
    assert has_text(b"\x1b[1;1H lossmon \x1b[1m~/runs\x1b[0m 7 runs")


def test_a_program_in_the_terminal_is_read_timed_and_ended() -> None:
    # The kernel counts in hundredths of a second: starting Python alone may take none.
    code = "sum(range(5_000_000)); print('⣿⣿⣿', flush=True); input(); raise SystemExit(7)"
    words = [sys.executable, "-c", code]
    terminal = Terminal(words, columns=80, rows=24)
    assert terminal.read(60, until="⣿") < 60
    assert terminal.cpu() > 0
    assert terminal.memory() > 1_000_000
    assert terminal.wait(0) is None
    terminal.press("\n")
    assert terminal.wait(60) == 7
    assert terminal.close() == 7


def test_the_page_of_costs_shows_every_budget_beside_the_figure() -> None:
    page = (Path(__file__).parents[2] / "docs/terminal-costs.md").read_text(encoding="utf-8")
    for name, budget in BUDGETS.items():
        assert f"| {name} | {budget:g} | " in page
