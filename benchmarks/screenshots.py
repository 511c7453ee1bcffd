"""Take the screenshots of the tab "Stagnation" that the README shows, from real trainings.

    python benchmarks/screenshots.py [--logdir DIR] [--link LINK] [--out docs/images]

Without a logdir the demos are trained first, in about a minute. The pictures are what Chromium
shows of the real TensorBoard: light and dark, and narrow.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from panel import FLAGS, tensorboard

ROOT = Path(__file__).resolve().parent.parent
DEMOS = ("vanishing_gradient", "dead_relu", "lr_too_high", "overfitting")
SHOWN = "&p.lossmon.run=vanishing_gradient%2FSequential-1"
HEIGHT = 900


def train(logdir: Path) -> None:
    """Train the demos as anybody would."""
    for name in DEMOS:
        script = ROOT / "demos" / "faults" / f"{name}.py"
        command = [sys.executable, "-m", "lossmon", "run", "--logdir", str(logdir / name)]
        subprocess.run([*command, str(script)], check=True, capture_output=True)


def take(address: str, link: str, file: Path, *, dark: bool, width: int, height: int) -> None:
    """Open the tab in a fresh profile and save what is seen, once all charts are drawn."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as profile:
        browser = playwright.chromium.launch_persistent_context(
            profile,
            executable_path=shutil.which("chromium"),
            args=list(FLAGS),
            viewport={"width": width, "height": height},
        )
        if dark:
            setting = "localStorage.setItem('_tb_global_settings', JSON.stringify({theme: 'dark'}))"
            browser.add_init_script(setting)
        page = browser.new_page()
        wrong: list[str] = []
        page.on("console", lambda message: message.type == "error" and wrong.append(message.text))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.goto(f"{address}/#lossmon{link}")
        frame: Any = page.frame_locator("iframe")
        frame.locator(".loss .figure:not(.next)").wait_for(timeout=60_000)
        frame.locator(".heat .figure:not(.next)").wait_for(timeout=60_000)
        page.wait_for_timeout(1500)
        page.screenshot(path=file)
        browser.close()
    for line in wrong:
        print(f"{file.name}: {line}", file=sys.stderr)


def main() -> None:
    """Write the pictures and print their names."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--logdir", type=Path)
    parser.add_argument("--link", default=SHOWN, help="of the address, as the tab writes it")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        logdir = args.logdir or Path(folder)
        if args.logdir is None:
            train(logdir)
        with tensorboard(logdir) as address:
            for name, dark, width, height in (
                ("panel-light", False, 1280, HEIGHT),
                ("panel-dark", True, 1280, HEIGHT),
                ("panel-narrow", False, 500, 1600),
            ):
                file = args.out / f"{name}.png"
                take(address, args.link, file, dark=dark, width=width, height=height)
                print(file.name)


if __name__ == "__main__":
    main()
