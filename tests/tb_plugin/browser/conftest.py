"""The tab as a person sees it, in Chromium inside the real TensorBoard, light and dark.

Each view is kept as a picture, in the folder LOSSMON_SCREENSHOTS where that is set, else in
pytest's own. Without a browser these tests are skipped; where the variable CI is set they fail.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

IN_CI = os.environ.get("CI", "").lower() not in ("", "0", "false")
if not IN_CI:
    pytest.importorskip("playwright", reason="Playwright drives the browser")

from playwright.sync_api import (  # noqa: E402 behind what skips where it is missing
    Frame,
    FrameLocator,
    Page,
    expect,
    sync_playwright,
)

expect.set_options(timeout=30_000)
ROOT = Path(__file__).parents[3]
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
NO_BROWSER = "no Chromium is installed (Debian: apt-get install chromium)"
LOOKS = ("light", "dark")
MARKS = (
    pytest.mark.browser,
    pytest.mark.xdist_group("browser"),
    pytest.mark.skipif(CHROMIUM is None and not IN_CI, reason=NO_BROWSER),
)
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
)  # fmt: skip
VIOLATIONS = """
addEventListener('securitypolicyviolation', (event) => {
  console.error('policy violation: ' + event.violatedDirective + ' ' + event.blockedURI);
});
"""
COLOURS = """() => {
  const canvases = [];
  const walk = (root) => root.querySelectorAll('*').forEach((element) => {
    if (element.tagName === 'CANVAS' && element.width) canvases.push(element);
    if (element.shadowRoot) walk(element.shadowRoot);
  });
  walk(document.querySelector('.plot'));
  const seen = new Set();
  for (const canvas of canvases) {
    const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    for (let at = 0; at < data.length; at += 4) {
      if (data[at + 3]) seen.add((data[at] << 16) | (data[at + 1] << 8) | data[at + 2]);
    }
  }
  return seen.size;
}"""


TWO_FAULTS = """
import torch
from torch import nn
torch.manual_seed(0)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 2))
optimizer = torch.optim.SGD(model[2].parameters(), lr=0.05)
for _ in range(150):
    x = torch.randn(64, 8)
    loss = nn.functional.cross_entropy(model(x), (x.sum(1) > 0).long())
    loss.backward()
    optimizer.step()
"""
"""Half of the model is in no optimizer, and gradients are never cleared."""


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark every test of this folder."""
    for mark in MARKS:
        item.add_marker(mark)


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `lossmon run` writes of the article's three trainings, and of one with two faults."""
    folder = tmp_path_factory.mktemp("trained")
    (folder / "two.py").write_text(TWO_FAULTS)
    article = ROOT / "demos" / "article" / "learning_rate.py"
    for name, script in (("article", article), ("two", folder / "two.py")):
        logdir = str(folder / "runs" / name)
        command = [sys.executable, "-m", "lossmon", "run", "--logdir", logdir, str(script)]
        subprocess.run(command, check=True, capture_output=True, timeout=300)
    return folder / "runs"


@pytest.fixture(scope="session")
def board(tensorboard: Callable[..., str], trained: Path) -> str:
    """TensorBoard on the trained runs."""
    return tensorboard("--logdir", trained)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """One Chromium for all tests of this file.

    No longer than that: Playwright keeps an event loop running in this thread, in which no
    asynchronous test of another file could run.
    """
    assert CHROMIUM is not None, NO_BROWSER
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            tmp_path_factory.mktemp("profile"), executable_path=CHROMIUM, args=list(FLAGS)
        )
        context.add_init_script(VIOLATIONS)
        yield context
        context.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Page]:
    """A new page, which must end without an error of ours."""
    page = browser.new_page()
    page.set_viewport_size({"width": 1280, "height": 800})
    page.set_default_timeout(30_000)
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: message.type == "error" and wrong.append(message.text))
    yield page
    page.close()
    assert wrong == []


@pytest.fixture(params=LOOKS)
def look(request: pytest.FixtureRequest, page: Page) -> str:
    """What a person's browser prefers; TensorBoard goes by it."""
    page.emulate_media(color_scheme=request.param)
    return str(request.param)


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which pictures are kept."""
    named = os.environ.get("LOSSMON_SCREENSHOTS")
    folder = Path(named) if named else tmp_path_factory.mktemp("screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def keep(page: Page, look: str, pictures: Path) -> Callable[[str], None]:
    """Keep a picture of the tab under the name of a view; the tab must look as it was asked to."""

    def keep_(view: str) -> None:
        frame = page.frame_locator("iframe")
        expect(frame.locator("html")).to_have_attribute("data-look", look)
        page.screenshot(path=pictures / f"{view}-{look}.png")

    return keep_


class Tab:
    """The tab of a page."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def open(self, address: str, link: str = "") -> FrameLocator:
        """Go to the tab, at a link of its own, and wait for a verdict."""
        self.page.goto(f"{address}/#lossmon{link}")
        frame = self.page.frame_locator("iframe")
        expect(frame.locator(".verdict h1")).to_be_visible(timeout=30_000)
        return frame

    def inside(self) -> Frame:
        """Return the frame of the tab, in which scripts run."""
        return next(frame for frame in self.page.frames if "plugin_entry" in frame.url)

    def drawn(self) -> int:
        """Return the number of colours in the chart, once it holds some."""
        frame = self.inside()
        frame.locator(".figure:not(.next) canvas").first.wait_for()
        frame.wait_for_function(f"() => ({COLOURS})() > 3")
        return int(frame.evaluate(COLOURS))


@pytest.fixture
def tab(page: Page) -> Tab:
    """The tab "Stagnation" of a new page."""
    return Tab(page)
