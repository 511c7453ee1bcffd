"""The charts: zoom, axes, layers, several runs, and what is saved of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("playwright", reason="Playwright drives the browser")

from playwright.sync_api import Page, expect

from lossmon.records import Run

Tab = Any
"""Of conftest.py."""
TWO = "two/Sequential-1"
Keep = Callable[[str], None]
IN_VIEW = """() => {
  const {start, end} = Bokeh.documents.at(-1).roots()[0].x_range;
  return [start, end];
}"""
SHOW_FILTER = "() => { document.querySelector('.filter').hidden = false; }"
"""It is hidden where there are few runs."""


def test_chart_is_drawn(tab: Tab, board: str, keep: Keep) -> None:
    frame = tab.open(board)
    assert tab.drawn() > 10
    expect(frame.locator(".chart h2")).to_have_text("train/loss")
    keep("verdict")


@pytest.fixture
def long_run(write_run: Callable[..., Path], tensorboard: Callable[..., str]) -> str:
    """A board on one long run that is not finite in a few steps, under a hostile name."""
    losses = [1.0 + 0.1 * (step % 7) for step in range(4000)]
    losses[1000:1003] = [float("nan")] * 3
    folder = write_run("<img src=x onerror=alert(1)>", losses)
    return tensorboard("--logdir", folder)


def test_long_run_is_zoomed_into_and_drawn_on_any_axis(
    page: Page, tab: Tab, long_run: str, keep: Keep
) -> None:
    frame = tab.open(long_run)
    tab.drawn()
    expect(frame.locator(".verdict .title")).to_have_text("<img src=x onerror=alert(1)>")
    expect(frame.locator("img")).to_have_count(0)
    panel = tab.inside()
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
    page: Page, tab: Tab, board: str, keep: Keep
) -> None:
    frame = tab.open(board, f"&p.lossmon.run={TWO}&p.lossmon.finding=optimizer-missing-params")
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
    again = tab.open(board, page.evaluate("() => location.hash").removeprefix("#lossmon"))
    expect(again.locator(".layer h2")).to_have_text("2.bias")
    expect(again.locator("#metric")).to_have_value("weight")


def test_a_culprit_on_another_page_is_turned_to_when_its_finding_is_opened(
    tab: Tab,
    tmp_path: Path,
    tensorboard: Callable[..., str],
    write: Callable[[Run, Path], None],
    not_finite: Callable[[int, int], Run],
) -> None:
    write(not_finite(270, 260), tmp_path / "deep")
    frame = tab.open(tensorboard("--logdir", tmp_path))
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
    page: Page, tab: Tab, board: str, keep: Keep
) -> None:
    frame = tab.open(board, f"&p.lossmon.run={TWO}")
    tab.drawn()
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
    tab.inside().evaluate(SHOW_FILTER)
    filter_ = frame.get_by_label("Filter runs")
    filter_.fill("classifier-[13]$|nothing")
    expect(frame.locator(".run:visible")).to_have_count(0)
    filter_.fill("classifier-[13] broken")
    expect(frame.locator(".run:visible")).to_have_count(2)
    filter_.fill("(")
    expect(filter_).to_have_attribute("aria-invalid", "true")
    expect(frame.locator(".run:visible")).to_have_count(4)
