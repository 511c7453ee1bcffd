"""Runs, verdict and findings as a person sees them, by mouse and keyboard."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("playwright", reason="Playwright drives the browser")

from playwright.sync_api import FrameLocator, Page, expect

from lossmon.cli import main

Tab = Any
"""Of conftest.py."""
TWO = "two/Sequential-1"
Keep = Callable[[str], None]
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


def _choose(frame: FrameLocator, run: str) -> None:
    """Click on a run, once the server has read it."""
    frame.locator(".run:not(.pending)", has_text=run).click()


def _shown(frame: FrameLocator) -> list[tuple[str, ...]]:
    """Return rule, severity, onset and claim of each finding, as they stand on the page."""
    found = []
    for item in frame.locator(".finding").all():
        words = item.locator(".sub").inner_text().split(" · ")
        severity, since, rule = words[-3:]
        found.append((rule, severity, since, item.locator(".claim").inner_text()))
    return sorted(found)


def test_stock_tabs_show_the_scalars(page: Page, board: str) -> None:
    # Only what is on the screen is drawn: without a filter the fifth card waits below it.
    page.goto(f"{board}/?tagFilter=train/(loss|lr|grad_norm)$#timeseries")
    for tag in ("train/loss", "train/lr", "train/grad_norm"):
        expect(page.get_by_text(tag, exact=True).first).to_be_visible(timeout=30_000)


def test_tab_shows_the_findings_that_check_prints(
    tab: Tab, board: str, trained: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["check", str(trained), "--json"])
    runs = json.loads(capsys.readouterr().out)["runs"]
    assert len(runs) == 4
    frame = tab.open(board)
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


def test_click_that_is_half_done_when_new_data_comes_is_not_lost(
    page: Page, tab: Tab, board: str
) -> None:
    tab.open(board)
    inside = tab.inside()
    inside.evaluate(REDRAW)
    second = inside.locator(".trial .run", has_text="second")
    second.hover()
    page.mouse.down()
    inside.evaluate("() => draw({pending: [], steps: 20})")
    page.mouse.up()
    assert inside.evaluate("() => clicked") == ["second"]


def test_rule_is_explained_in_place(tab: Tab, board: str, keep: Keep) -> None:
    frame = tab.open(board)
    frame.get_by_text("About this rule").first.click()
    for heading in ("Sees", "Why the loss stalls", "Sources"):
        expect(frame.get_by_role("heading", name=heading)).to_be_visible()
    keep("rule")


def test_findings_are_reached_and_opened_by_the_keyboard(page: Page, tab: Tab, board: str) -> None:
    frame = tab.open(board, f"&p.lossmon.run={TWO}")
    heads = frame.locator(".head")
    expect(heads.nth(0)).to_have_attribute("aria-expanded", "true")
    heads.nth(0).focus()
    page.keyboard.press("ArrowDown")
    expect(heads.nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    expect(heads.nth(1)).to_have_attribute("aria-expanded", "true")
    expect(heads.nth(1)).to_be_focused()
    expect(heads.nth(0)).to_have_attribute("aria-expanded", "false")


def test_address_leads_back_to_the_same_run_and_finding(page: Page, tab: Tab, board: str) -> None:
    frame = tab.open(board)
    _choose(frame, TWO)
    expect(frame.locator(".verdict .title")).to_have_text(TWO)
    frame.locator(".head").nth(1).click()
    slug = frame.locator(".finding").nth(1).get_attribute("data-rule")
    page.wait_for_function(f"() => location.hash.includes('p.lossmon.finding={slug}')")
    link = page.evaluate("() => location.hash")
    assert link == f"#lossmon&p.lossmon.run=two%2FSequential-1&p.lossmon.finding={slug}"
    again = tab.open(board, link.removeprefix("#lossmon"))
    expect(again.locator(".verdict .title")).to_have_text(TWO)
    expect(again.locator(".finding").nth(1).locator(".head")).to_have_attribute(
        "aria-expanded", "true"
    )


def test_theme_follows_tensorboard(page: Page, tab: Tab, board: str) -> None:
    frame = tab.open(board)
    root = frame.locator("html")
    expect(root).to_have_attribute("data-look", "light")
    tab.drawn()
    page.evaluate("() => document.body.classList.add('dark-mode')")
    expect(root).to_have_attribute("data-look", "dark")
    colour = "() => getComputedStyle(document.body).backgroundColor"
    panel = tab.inside()
    assert panel.evaluate(colour) == "rgb(37, 37, 37)"


@pytest.mark.parametrize("width", [500, 1280])
def test_nothing_needs_sideways_scrolling(page: Page, tab: Tab, board: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    frame = tab.open(board)
    tab.drawn()
    expect(frame.locator(".findings").first).to_be_attached()
    panel = tab.inside()
    assert panel.evaluate("() => document.documentElement.scrollWidth") <= width


def test_reload_shows_what_was_written_since(
    page: Page, tab: Tab, write_run: Callable[..., Path], tensorboard: Callable[..., str]
) -> None:
    folder = write_run("a", [1.0] * 20)
    frame = tab.open(tensorboard("--logdir", folder))
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
