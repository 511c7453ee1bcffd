"""What the routes answer that draw: figures to embed, kept ready as long as their runs are as they
were. Bokeh is imported by the first of them; without it the page is told what to install."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from lossmon.report.look import LOOKS
from lossmon.report.machine import machine_facts
from lossmon.report.overtime import METRICS
from lossmon.report.xaxis import ACROSS
from tensorboard_plugin_lossmon.answers import PALETTE, entries
from tensorboard_plugin_lossmon.asked import (
    Query,
    RefusedError,
    given,
    names,
    one_of,
    share,
    text,
    view,
    whole,
    wholes,
)
from tensorboard_plugin_lossmon.assets import INSTALL
from tensorboard_plugin_lossmon.ready import Ready, Shelf
from tensorboard_plugin_lossmon.store import Entry, Store

Answer = dict[str, Any] | Ready
_shelf = Shelf()
_LOG = {"auto": None, "linear": False, "log": True}
_DEEPEST, _MOST_ROW = 64, 1_000_000


def figure(store: Store, query: Query) -> Answer:
    """Answer `/figure?run=NAME...`: the losses of runs; findings and bands are those of the first.

    `hue` is the place of each run's colour in the palette, in the order of the runs.
    """
    look, across = one_of(query, "look", tuple(LOOKS)), one_of(query, "x", ACROSS)
    scale = one_of(query, "y", tuple(_LOG))
    options = {"smooth": share(query, "smooth", 0.9999), "view": view(query), "left": _left(query)}
    shown = entries(store, query)
    colours = _colours(query, look, len(shown))

    def make() -> dict[str, Any]:
        from tensorboard_plugin_lossmon.drawing import draw_loss

        return draw_loss(
            shown, colours, across=across, look=LOOKS[look], log_y=_LOG[scale], **options
        )

    key = ("figure", *colours, look, across, scale, *options.values())
    return _drawn(query, shown, key, make)


def heatmap(store: Store, query: Query) -> Answer:
    """Answer `/heatmap?run=NAME`: a metric of all layers over the steps, and the names of rows."""
    look, across = one_of(query, "look", tuple(LOOKS)), one_of(query, "x", ACROSS)
    name = one_of(query, "metric", [metric.name for metric in METRICS])
    level, opened = whole(query, "level", _DEEPEST), names(query, "open", 32)
    seen, left, start = view(query), _left(query), whole(query, "row", _MOST_ROW) or 0
    shown = entries(store, query)

    def make() -> dict[str, Any]:
        from tensorboard_plugin_lossmon.layerdrawing import draw_heat

        metric = next(one for one in METRICS if one.name == name)
        return draw_heat(
            shown[0], metric, level=level, opened=opened, start=start, view=seen, across=across,
            look=LOOKS[look], left=left,
        )  # fmt: skip

    key = ("heatmap", look, across, name, level, *opened, start, seen, left)
    return _drawn(query, shown[:1], key, make)


def layer(store: Store, query: Query) -> Answer:
    """Answer `/layer?run=NAME&name=LAYER`: what is known of a parameter, or of a module's."""
    look, across = one_of(query, "look", tuple(LOOKS)), one_of(query, "x", ACROSS)
    name, seen, left = given(query, "name"), view(query), _left(query)
    shown = entries(store, query)

    def make() -> dict[str, Any]:
        from tensorboard_plugin_lossmon.layerdrawing import draw_layer

        return draw_layer(shown[0], name, view=seen, across=across, look=LOOKS[look], left=left)

    return _drawn(query, shown[:1], ("layer", look, across, name, seen, left), make)


def machine(store: Store, query: Query) -> Answer:
    """Answer `/machine?run=NAME`: what the training takes; with `drawn=yes` over the steps too."""
    look, across = one_of(query, "look", tuple(LOOKS)), one_of(query, "x", ACROSS)
    is_drawn = one_of(query, "drawn", ("no", "yes")) == "yes"
    seen, left, shown = view(query), _left(query), entries(store, query)
    facts = machine_facts(shown[0].run)
    if not is_drawn:
        return {"v": shown[0].token, "facts": facts}

    def make() -> dict[str, Any]:
        from tensorboard_plugin_lossmon.machinedrawing import draw_machine

        drawn = draw_machine(shown[0].run, view=seen, across=across, look=LOOKS[look], left=left)
        return {"facts": facts, "dials": drawn}

    return _drawn(query, shown[:1], ("machine", look, across, seen, left), make)


def compare(store: Store, query: Query) -> Answer:
    """Answer `/compare?run=FIRST&run=SECOND`: how the second differs from the first."""
    look, seen, left = one_of(query, "look", tuple(LOOKS)), view(query), _left(query)
    shown = entries(store, query)
    if len(shown) != 2:
        raise RefusedError(400, "run is given twice, for two runs")

    def make() -> dict[str, Any]:
        from tensorboard_plugin_lossmon.comparing import compare_runs

        first, second = (entry.run for entry in shown)
        return compare_runs(first, second, look=LOOKS[look], view=seen, left=left)

    return _drawn(query, shown, ("compare", look, seen, left), make)


def _drawn(
    query: Query, shown: Sequence[Entry], key: tuple[Any, ...], make: Callable[[], dict[str, Any]]
) -> Answer:
    """Return what was drawn of these runs as they are, unless the page has it."""
    token = "+".join(entry.token for entry in shown)
    if text(query, "v") == token:
        return {"unchanged": True}
    try:
        return _shelf.get((token, *key), lambda: {"v": token, **make()})
    except ImportError:  # no Bokeh, or one too old
        return {"v": token, "item": None, "reason": INSTALL}


def _colours(query: Query, look: str, count: int) -> list[str]:
    palette = PALETTE[look]
    hues = wholes(query, "hue", len(palette) - 1) or list(range(count))
    if len(hues) != count:
        raise RefusedError(400, "hue is given once for each run")
    return [palette[hue % len(palette)] for hue in hues]


def _left(query: Query) -> int:
    return whole(query, "left", 400, 40) or 52
