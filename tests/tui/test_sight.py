"""Zoom, pan and jump as arithmetic: no screen is needed to know what is in view."""

from __future__ import annotations

from lossmon.tui.sight import Axes, Focus, jumped, panned, zoomed

WHOLE = (0, 999)


def test_zooming_in_halves_the_steps_around_the_cursor_and_out_again_shows_all() -> None:
    focus = zoomed(Focus(cursor=500), WHOLE, inwards=True)
    assert focus.window == (250, 749)
    assert zoomed(focus, WHOLE, inwards=False).window is None


def test_without_a_cursor_the_newest_steps_stay_in_view() -> None:
    focus = zoomed(zoomed(Focus(), WHOLE, inwards=True), WHOLE, inwards=True)
    assert focus.window == (750, 999)


def test_zooming_ends_at_eight_steps() -> None:
    focus = Focus(cursor=3)
    for _ in range(20):
        focus = zoomed(focus, WHOLE, inwards=True)
    assert focus.window is not None
    assert focus.window[1] - focus.window[0] == 7
    assert focus.window[0] <= 3 <= focus.window[1]


def test_panning_moves_by_a_quarter_stops_at_the_ends_and_takes_the_cursor_along() -> None:
    focus = panned(Focus(cursor=100, window=(0, 399)), WHOLE, 1)
    assert (focus.window, focus.cursor) == ((100, 499), 100)
    assert panned(focus, WHOLE, 1).cursor == 200
    assert panned(focus, WHOLE, 99).window == (600, 999)
    assert panned(Focus(), WHOLE, 1) == Focus()


def test_a_jump_shows_the_evidence_with_some_room_and_puts_the_cursor_at_its_begin() -> None:
    focus = jumped(Focus(rule="a"), (400, 599), WHOLE)
    assert focus == Focus("a", 400, (350, 649))
    assert jumped(Focus(), (0, 999), WHOLE) == Focus(cursor=0)


def test_smoothing_has_ends_and_the_horizontal_axes_take_turns() -> None:
    axes = Axes()
    for _ in range(20):
        axes = axes.smoother(-1)
    assert axes.smooth == -6
    kinds = [axes := axes.next_x() for _ in range(3)]
    assert [one.x for one in kinds] == ["time", "log", "step"]
