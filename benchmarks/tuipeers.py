"""Who shows curves in a terminal, and how each is started; run as a program, two of the charts.

    python benchmarks/tuipeers.py {plotext,plot} FOLDER

The charts are the two libraries that Textual has, as they come, in an app of nothing else, which
reads by lossmon's reader and draws extremes and moving average, in 4,096 buckets at most, twice a
second where there is anything new. The other programs are what a user installs.
"""

from __future__ import annotations

import importlib.util
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

POLL_S = 0.5


@dataclass(frozen=True, slots=True)
class Subject:
    """A viewer."""

    name: str
    words: Callable[[Path], list[str]]
    """How it is started on a folder."""
    keys: tuple[tuple[str, str], ...]
    """A key that shows something at once, and what that holds; the same key undoes it."""
    needs: str
    """The module, or the program, that is it."""
    reads_wandb: bool = False
    enters: str = ""
    """Keys that open one run."""

    @property
    def is_here(self) -> bool:
        """Whether it is installed."""
        return importlib.util.find_spec(self.needs) is not None


def _program(name: str) -> str:
    beside = Path(sys.executable).with_name(name)
    return str(beside) if beside.exists() else shutil.which(name) or name


def _chart(kind: str) -> Callable[[Path], list[str]]:
    return lambda root: [sys.executable, __file__, kind, str(root)]


def _lossmon(root: Path) -> list[str]:
    return [sys.executable, "-m", "lossmon", "tui", str(root)]


SUBJECTS = (
    Subject("lossmon", _lossmon, (("f", "frozen"), ("?", "freeze the screen")), "lossmon"),
    Subject("lossmon, one run", _lossmon, (("f", "frozen"),), "lossmon", enters="\r"),
    Subject(
        "terminalboard",
        lambda root: [_program("terminalboard"), str(root), "--interval", str(POLL_S)],
        (("H", "(?i)help"),),
        "terminalboard",
    ),
    Subject(
        "wandb leet",
        lambda root: [_program("wandb"), "leet", str(next(root.glob("*.wandb")))],
        (("h", "(?i)quit"),),
        "wandb",
        reads_wandb=True,
    ),
    Subject("textual-plotext", _chart("plotext"), (("b", "pressed"),), "textual_plotext"),
    Subject("textual-plot", _chart("plot"), (("b", "pressed"),), "textual_plot"),
)


def _plotext() -> tuple[Any, Callable[[Any, Any], None]]:
    from textual_plotext import PlotextPlot

    widget = PlotextPlot()

    def draw(_: Any, points: Any) -> None:
        steps = points.steps.tolist()
        widget.plt.clear_data()
        widget.plt.theme("textual-dark")
        for values in (points.low, points.high, points.trend):
            widget.plt.plot(steps, values.tolist(), marker="braille")
        widget.refresh()

    return widget, draw


def _plot() -> tuple[Any, Callable[[Any, Any], None]]:
    from textual_plot import HiResMode, PlotWidget

    widget = PlotWidget()

    def draw(_: Any, points: Any) -> None:
        widget.clear()
        for values in (points.low, points.high, points.trend):
            widget.plot(points.steps, values, hires_mode=HiResMode.BRAILLE)

    return widget, draw


def _show(kind: str, root: Path) -> None:
    from textual.app import App, ComposeResult
    from textual.binding import Binding

    from lossmon import signals
    from lossmon.eventfile.watching import LogdirReader
    from lossmon.tui.points import condense

    widget, draw = {"plotext": _plotext, "plot": _plot}[kind]()
    reader = LogdirReader(root)

    class Charts(App[None]):
        BINDINGS = [Binding("b", "press"), Binding("q", "quit")]  # noqa: RUF012 Textual declares it so
        seen: Any = None
        is_pressed = False

        def compose(self) -> ComposeResult:
            yield widget

        def on_mount(self) -> None:
            widget.border_title = "chart"
            widget.styles.border = ("round", "white")
            self.set_interval(POLL_S, self.look)
            self.call_after_refresh(self.look)

        def look(self) -> None:
            runs = reader.poll()
            if runs and runs is not self.seen:
                self.seen = runs
                loss = runs[0].scalar(signals.LOSS)
                if loss is not None and len(loss):
                    draw(self, condense(loss))

        def action_press(self) -> None:
            self.is_pressed = not self.is_pressed
            widget.border_title = "pressed" if self.is_pressed else "chart"

    Charts().run(mouse=False)


if __name__ == "__main__":
    _show(sys.argv[1], Path(sys.argv[2]))
