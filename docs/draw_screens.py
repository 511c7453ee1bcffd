"""Draw the pictures of the terminal that README shows, from trainings of the demos.

    python docs/draw_screens.py [LOGDIR]

Trains three demos where LOGDIR does not hold them yet, opens the interface on them, and writes one
SVG a screen to docs/screens. Nothing in them is loaded from elsewhere.
"""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from textual.pilot import Pilot

from lossmon.eventfile.sources import LocalSource
from lossmon.tui.app import LossmonApp

ROOT = Path(__file__).resolve().parent.parent
SCREENS = ROOT / "docs" / "screens"
SIZE = (100, 30)
TRAININGS = {
    "sigmoid-12": ("vanishing_gradient.py",),
    "relu-12": ("vanishing_gradient.py", "--fixed"),
    "relu-biased": ("dead_relu.py",),
}
"""Names of runs, and the demos that they are of."""
WAYS = {
    "overview": ("j", "j", "p", "k"),
    "run": ("2", "n", *["l"] * 30),
    "layers": ("3",),
    "events": ("4",),
}
"""The keys from one screen to the next."""
FONT_FACE = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)


def train(logs: Path) -> None:
    """Train what is not there yet."""
    for name, (script, *options) in TRAININGS.items():
        if (logs / name).exists():
            continue
        with tempfile.TemporaryDirectory() as place:
            words = ["run", "--logdir", place, ROOT / "demos/faults" / script, *options]
            subprocess.run([sys.executable, "-m", "lossmon", *words], check=True)
            next(Path(place).iterdir()).rename(logs / name)


async def draw(logs: Path) -> None:
    """Write the pictures."""
    app = LossmonApp(LocalSource(logs, "runs"), charset="braille")
    async with app.run_test(size=SIZE) as pilot:
        while not app.snapshot.runs or any(view.report is None for view in app.snapshot.runs):
            await pilot.pause(0.1)
        for name, keys in WAYS.items():
            await _show(pilot, keys)
            svg = FONT_FACE.sub("", app.export_screenshot(title="lossmon tui runs"))
            (SCREENS / f"{name}.svg").write_text(svg, encoding="utf-8")


async def _show(pilot: Pilot[int], keys: tuple[str, ...]) -> None:
    for key in keys:
        await pilot.press(key)
    await pilot.pause()


def main() -> None:
    """Train, then draw."""
    with tempfile.TemporaryDirectory() as fresh:
        logs = Path(sys.argv[1] if len(sys.argv) > 1 else fresh)
        logs.mkdir(parents=True, exist_ok=True)
        SCREENS.mkdir(exist_ok=True)
        train(logs)
        asyncio.run(draw(logs))


if __name__ == "__main__":
    main()
