"""The tab as a person sees it, in Chromium inside the real TensorBoard, light and dark.

Each view is kept as a picture, in the folder LOSSMON_SCREENSHOTS where that is set, else in
pytest's own. Without a browser these tests are skipped; where the variable CI is set they fail.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lossmon.cli import main
from lossmon.records import Run

IN_CI = os.environ.get("CI", "").lower() not in ("", "0", "false")
if not IN_CI:
    pytest.importorskip("playwright", reason="Playwright drives the browser")

from playwright.sync_api import (  # noqa: E402 behind what skips where it is missing
    FrameLocator,
    Page,
    expect,
    sync_playwright,
)

expect.set_options(timeout=30_000)
ROOT = Path(__file__).parents[2]
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
NO_BROWSER = "no Chromium is installed (Debian: apt-get install chromium)"
TWO = "two/Sequential-1"
LOOKS = ("light", "dark")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.xdist_group("browser"),
    pytest.mark.skipif(CHROMIUM is None and not IN_CI, reason=NO_BROWSER),
]
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


REDRAW = """async () => {
  const {drawRuns} = await import('./static/runs.js');
  const parent = document.createElement('div');
  parent.className = 'trial';
  document.body.prepend(parent);
  window.clicked = [];
  const run = (name, steps) => ({run: name, label: name, status: 'learning', steps});
  window.draw = ({pending, steps}) => drawRuns(
    parent,
    {runs: [run('first', steps), run('second', 10)], pending, outside: []},
    {selected: 'first', colour: () => 'black', select: (name) => clicked.push(name)},
  );
  draw({pending: ['third'], steps: 10});
}"""
"""Draws a list of two runs and one that is being read."""
IN_VIEW = """() => {
  const {start, end} = Bokeh.documents.at(-1).roots()[0].x_range;
  return [start, end];
}"""
Keep = Callable[[str], None]
SHOW_FILTER = "() => { document.querySelector('.filter').hidden = false; }"
"""It is hidden where there are few runs."""
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


def _open(page: Page, address: str, link: str = "") -> FrameLocator:
    page.goto(f"{address}/#lossmon{link}")
    frame = page.frame_locator("iframe")
    expect(frame.locator(".verdict h1")).to_be_visible(timeout=30_000)
    return frame


def _choose(frame: FrameLocator, run: str) -> None:
    """Click on a run, once the server has read it."""
    frame.locator(".run:not(.pending)", has_text=run).click()


def _drawn(page: Page) -> int:
    """Return the number of colours in the chart, once it holds some."""
    frame = next(frame for frame in page.frames if "plugin_entry" in frame.url)
    frame.locator(".figure:not(.next) canvas").first.wait_for()
    frame.wait_for_function(f"() => ({COLOURS})() > 3")
    return int(frame.evaluate(COLOURS))


def _inside(page: Page) -> Any:
    """Return the frame of the tab."""
    return next(frame for frame in page.frames if "plugin_entry" in frame.url)


def _shown(frame: FrameLocator) -> list[tuple[str, ...]]:
    """Return rule, severity, onset and claim of each finding, as they stand on the page."""
    found = []
    for item in frame.locator(".finding").all():
        words = item.locator(".sub").inner_text().split(" · ")
        severity, since, rule = words[-3:]
        found.append((rule, severity, since, item.locator(".claim").inner_text()))
    return sorted(found)


def test_stock_tabs_show_the_scalars(page: Page, board: str) -> None:
    page.goto(f"{board}/?tagFilter=train#timeseries")
    for tag in ("train/loss", "train/lr", "train/grad_norm"):
        expect(page.get_by_text(tag, exact=True).first).to_be_visible(timeout=30_000)


def test_tab_shows_the_findings_that_check_prints(
    page: Page, board: str, trained: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["check", str(trained), "--json"])
    runs = json.loads(capsys.readouterr().out)["runs"]
    assert len(runs) == 4
    frame = _open(page, board)
    for run in runs:
        _choose(frame, run["run"])
        expect(frame.locator(".verdict .title")).to_have_text(run["run"])
        expect(frame.locator(".verdict .status")).to_have_text(run["status"].replace("-", " "))
        expected = sorted(
            (f["rule"], f["severity"], f"since step {f['since_step']:,}", f["claim"])
            for f in run["findings"]
        )
        assert expected
        assert _shown(frame) == expected
        cause = frame.locator(".finding").first
        expect(cause).to_have_attribute("data-rule", run["cause"])
        body = cause.locator(".body")
        (named,) = (f for f in run["findings"] if f["rule"] == run["cause"])
        for text in (*named["culprits"], *named["fixes"], named["evidence"][0]["reads"]):
            expect(body).to_contain_text(text)


def test_click_that_is_half_done_when_new_data_comes_is_not_lost(page: Page, board: str) -> None:
    _open(page, board)
    inside = _inside(page)
    inside.evaluate(REDRAW)
    second = inside.locator(".trial .run", has_text="second")
    second.hover()
    page.mouse.down()
    inside.evaluate("() => draw({pending: [], steps: 20})")
    page.mouse.up()
    assert inside.evaluate("() => clicked") == ["second"]


def test_chart_is_drawn(page: Page, board: str, keep: Keep) -> None:
    frame = _open(page, board)
    assert _drawn(page) > 10
    expect(frame.locator(".chart h2")).to_have_text("train/loss")
    keep("verdict")


def test_rule_is_explained_in_place(page: Page, board: str, keep: Keep) -> None:
    frame = _open(page, board)
    frame.get_by_text("About this rule").first.click()
    for heading in ("Sees", "Why the loss stalls", "Sources"):
        expect(frame.get_by_role("heading", name=heading)).to_be_visible()
    keep("rule")


def test_findings_are_reached_and_opened_by_the_keyboard(page: Page, board: str) -> None:
    frame = _open(page, board, f"&p.lossmon.run={TWO}")
    heads = frame.locator(".head")
    expect(heads.nth(0)).to_have_attribute("aria-expanded", "true")
    heads.nth(0).focus()
    page.keyboard.press("ArrowDown")
    expect(heads.nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    expect(heads.nth(1)).to_have_attribute("aria-expanded", "true")
    expect(heads.nth(1)).to_be_focused()
    expect(heads.nth(0)).to_have_attribute("aria-expanded", "false")


def test_address_leads_back_to_the_same_run_and_finding(page: Page, board: str) -> None:
    frame = _open(page, board)
    _choose(frame, TWO)
    expect(frame.locator(".verdict .title")).to_have_text(TWO)
    frame.locator(".head").nth(1).click()
    slug = frame.locator(".finding").nth(1).get_attribute("data-rule")
    page.wait_for_function(f"() => location.hash.includes('p.lossmon.finding={slug}')")
    link = page.evaluate("() => location.hash")
    assert link == f"#lossmon&p.lossmon.run=two%2FSequential-1&p.lossmon.finding={slug}"
    again = _open(page, board, link.removeprefix("#lossmon"))
    expect(again.locator(".verdict .title")).to_have_text(TWO)
    expect(again.locator(".finding").nth(1).locator(".head")).to_have_attribute(
        "aria-expanded", "true"
    )


def test_theme_follows_tensorboard(page: Page, board: str) -> None:
    frame = _open(page, board)
    root = frame.locator("html")
    expect(root).to_have_attribute("data-look", "light")
    _drawn(page)
    page.evaluate("() => document.body.classList.add('dark-mode')")
    expect(root).to_have_attribute("data-look", "dark")
    colour = "() => getComputedStyle(document.body).backgroundColor"
    panel = _inside(page)
    assert panel.evaluate(colour) == "rgb(37, 37, 37)"


@pytest.mark.parametrize("width", [500, 1280])
def test_nothing_needs_sideways_scrolling(page: Page, board: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    frame = _open(page, board)
    _drawn(page)
    expect(frame.locator(".findings").first).to_be_attached()
    panel = _inside(page)
    assert panel.evaluate("() => document.documentElement.scrollWidth") <= width


@pytest.fixture
def long_run(write_run: Callable[..., Path], tensorboard: Callable[..., str]) -> str:
    """A board on one long run that is not finite in a few steps, under a hostile name."""
    losses = [1.0 + 0.1 * (step % 7) for step in range(4000)]
    losses[1000:1003] = [float("nan")] * 3
    folder = write_run("<img src=x onerror=alert(1)>", losses)
    return tensorboard("--logdir", folder)


def test_long_run_is_zoomed_into_and_drawn_on_any_axis(
    page: Page, long_run: str, keep: Keep
) -> None:
    frame = _open(page, long_run)
    _drawn(page)
    expect(frame.locator(".verdict .title")).to_have_text("<img src=x onerror=alert(1)>")
    expect(frame.locator("img")).to_have_count(0)
    panel = _inside(page)
    head = frame.locator(".finding[data-rule=nan-in-loss] .head")
    if head.get_attribute("aria-expanded") == "true":
        head.click()
        expect(head).to_have_attribute("aria-expanded", "false")
    head.click()
    expect(frame.locator("#whole")).to_be_enabled()
    first, last = panel.evaluate(IN_VIEW)
    assert 0 < first < 1000 <= last < 1100
    page.wait_for_function("() => location.hash.includes('p.lossmon.zoom=')")
    keep("zoom")
    frame.locator("#whole").click()
    expect(frame.locator("#whole")).to_be_disabled()
    expect(frame.locator("#y-linear")).to_have_attribute("aria-pressed", "true")
    frame.locator("#y-log").click()
    expect(frame.locator("#y-log")).to_have_attribute("aria-pressed", "true")
    expect(frame.locator("#y-log")).to_be_focused()
    frame.locator("#x-relative").click()
    expect(frame.locator("#x-relative")).to_have_attribute("aria-pressed", "true")
    expect(frame.locator(".layers .note")).to_contain_text("lossmon.watch(model, optimizer)")


def test_layers_are_drawn_below_the_loss_and_told_one_by_one(
    page: Page, board: str, keep: Keep
) -> None:
    frame = _open(page, board, f"&p.lossmon.run={TWO}&p.lossmon.finding=optimizer-missing-params")
    expect(frame.locator(".row .label")).to_have_count(4)
    assert [row.inner_text() for row in frame.locator(".row.culprit .label").all()] == [
        "0.weight",
        "0.bias",
    ]
    frame.locator("#metric").select_option("weight")
    expect(frame.locator(".key")).to_contain_text("1000")
    row = frame.locator(".row .label", has_text="2.weight")
    row.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(frame.locator(".layer h2")).to_have_text("2.bias")
    expect(frame.locator(".layer .facts")).to_contain_text("grad norm")
    frame.locator(".layer").scroll_into_view_if_needed()
    keep("layers")
    frame.locator("#level").select_option("1")
    expect(frame.locator(".row .label")).to_have_count(2)
    frame.locator("#open-0").click()
    expect(frame.locator(".row .label")).to_have_count(3)
    box = frame.locator(".heat .figure:not(.next)").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 8)
    expect(frame.locator(".readout")).to_contain_text("0.weight · step ")
    frame.locator("#machine").click()
    expect(frame.locator(".plot.dial .figure:not(.next) canvas").first).to_be_visible()
    page.wait_for_function("() => location.hash.includes('p.lossmon.layer=2.bias')")
    again = _open(page, board, page.evaluate("() => location.hash").removeprefix("#lossmon"))
    expect(again.locator(".layer h2")).to_have_text("2.bias")
    expect(again.locator("#metric")).to_have_value("weight")


def test_a_culprit_on_another_page_is_turned_to_when_its_finding_is_opened(
    page: Page,
    tmp_path: Path,
    tensorboard: Callable[..., str],
    write: Callable[[Run, Path], None],
    not_finite: Callable[[int, int], Run],
) -> None:
    write(not_finite(270, 260), tmp_path / "deep")
    frame = _open(page, tensorboard("--logdir", tmp_path))
    pages, culprit = frame.locator(".layers .note"), frame.locator(".row.culprit").first
    expect(pages).to_contain_text("241 to 270 of 270")
    expect(culprit).to_contain_text("w260")
    frame.locator("#rows-before").click()
    expect(pages).to_contain_text("1 to 240 of 270")
    head = frame.locator(".finding[data-rule=nan-in-loss] .head")
    head.click()
    expect(head).to_have_attribute("aria-expanded", "false")
    head.click()
    expect(pages).to_contain_text("241 to 270 of 270")
    expect(culprit).to_contain_text("w260")


def test_runs_are_filtered_drawn_together_compared_and_saved(
    page: Page, board: str, keep: Keep
) -> None:
    frame = _open(page, board, f"&p.lossmon.run={TWO}")
    _drawn(page)
    other = "article/Classifier-2"
    frame.get_by_label(f"Draw the loss of {other}").check()
    expect(frame.locator(".names")).to_contain_text(f"2 {other}")
    expect(frame.locator(".compare .reads")).to_contain_text("the losses first differ at step 0")
    expect(frame.locator(".compare")).to_contain_text("model")
    frame.locator(".compare").scroll_into_view_if_needed()
    keep("compare")
    page.wait_for_function("() => location.hash.includes('p.lossmon.with=')")
    with page.expect_download() as picture:
        frame.locator("#png").click()
    assert picture.value.suggested_filename == "loss_two_Sequential-1.png"
    assert picture.value.path().read_bytes().startswith(b"\x89PNG")
    with page.expect_download() as findings:
        frame.get_by_role("link", name="findings as JSON").click()
    report = json.loads(findings.value.path().read_text())["runs"][0]
    assert report["run"] == TWO
    _inside(page).evaluate(SHOW_FILTER)
    filter_ = frame.get_by_label("Filter runs")
    filter_.fill("classifier-[13]$|nothing")
    expect(frame.locator(".run:visible")).to_have_count(0)
    filter_.fill("classifier-[13] broken")
    expect(frame.locator(".run:visible")).to_have_count(2)
    filter_.fill("(")
    expect(filter_).to_have_attribute("aria-invalid", "true")
    expect(frame.locator(".run:visible")).to_have_count(4)


def test_reload_shows_what_was_written_since(
    page: Page, write_run: Callable[..., Path], tensorboard: Callable[..., str]
) -> None:
    folder = write_run("a", [1.0] * 20)
    frame = _open(page, tensorboard("--logdir", folder))
    expect(frame.locator(".run")).to_have_count(1)
    write_run("b", [1.0] * 30)
    page.locator("button.reload-button").first.click()
    expect(frame.locator(".run")).to_have_count(2)
    expect(frame.locator(".verdict .title")).to_have_text("a")


def test_empty_logdir_says_what_to_add(
    page: Page, tmp_path: Path, tensorboard: Callable[..., str], keep: Keep
) -> None:
    page.goto(f"{tensorboard('--logdir', tmp_path)}/#lossmon")
    frame = page.frame_locator("iframe")
    expect(frame.get_by_role("heading", name="No runs yet")).to_be_visible(timeout=30_000)
    expect(frame.locator(".empty")).to_contain_text("lossmon.watch(")
    expect(frame.locator(".empty")).to_contain_text("mon.step(loss)")
    expect(frame.locator(".empty")).to_contain_text("no event files")
    keep("empty")
