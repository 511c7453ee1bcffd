"""Screen 3: every layer over time, the ones that findings name first, and one of them in detail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical

from lossmon.records import Series
from lossmon.report.overtime import GRAD, UPDATE, Metric, deepest, history, steps_of
from lossmon.tui.across import across_axis, coordinates, place, ruler_of
from lossmon.tui.heat import Memory, heat_cells
from lossmon.tui.layerlist import ORDERS, Layer, arranged, layers_of, metric_after, row_of
from lossmon.tui.picture import picture_of_series
from lossmon.tui.points import Points
from lossmon.tui.raster import Cells, Picture, blank, step_axis_cells
from lossmon.tui.scale import Axis
from lossmon.tui.screens.ofrun import RunScreens
from lossmon.tui.screens.prompt import PromptScreen
from lossmon.tui.screens.text import TextScreen
from lossmon.tui.sight import Focus
from lossmon.tui.snapshot import RunView, Snapshot
from lossmon.tui.widgets.cellgrid import CellGrid
from lossmon.tui.widgets.chart import Chart
from lossmon.tui.widgets.header import run_header
from lossmon.tui.widgets.keys import LAYERS, key_line
from lossmon.tui.widgets.layer_detail import detail_heading, layers_heading, numbers_page
from lossmon.tui.widgets.layer_table import table_lines, table_width
from lossmon.tui.widgets.lines import Lines
from lossmon.tui.widgets.problem import show_problem

_WIDE = 140
_LEAST_WITH_DETAIL = 16


@dataclass(frozen=True, slots=True)
class _List:
    """What of the layers is listed, and how."""

    metric: Metric = GRAD
    order: str = ORDERS[0]
    level: int = 0
    words: str = ""
    expanded: bool = False


class LayersScreen(RunScreens):
    """A row of the table is a row of the heatmap; both scroll as one."""

    NAME = "layers"
    BINDINGS: ClassVar = [
        Binding("j,down", "move(1)"),
        Binding("k,up", "move(-1)"),
        Binding("g,home", "edge(0)"),
        Binding("G,end", "edge(-1)"),
        Binding("pagedown", "page(1)"),
        Binding("pageup", "page(-1)"),
        Binding("enter", "numbers"),
        Binding("v", "metric(1)"),
        Binding("V", "metric(-1)"),
        Binding("o", "order"),
        Binding("z", "fold"),
        Binding("e,b", "expand"),
        Binding("slash", "filter"),
    ]

    def __init__(self, key: tuple[str, int]) -> None:
        super().__init__(key)
        self._list = _List()
        self._memory = Memory()
        self._known: tuple[object, tuple[Layer, ...]] = (None, ())

    def compose(self) -> ComposeResult:
        """Lay out the table beside its heatmap, and the charts of one row below them."""
        yield Lines(id="header")
        yield Lines(id="problem")
        yield Lines(id="title")
        with Horizontal(id="layers"):
            yield Lines(id="table")
            yield CellGrid(id="heat")
        with Vertical(id="detail"):
            yield Lines(id="legend")
            with Horizontal(id="charts"):
                yield Chart(id="chart")
                yield Chart(id="chart2")
        yield Lines(id="keys")

    @property
    def plot_columns(self) -> int:
        """Columns of the heatmap."""
        return self.query_one("#heat").size.width

    @property
    def listing(self) -> tuple[Layer, ...]:
        """The rows in the order in which they are shown."""
        view, level = self.view, self._list.level
        if view is None:
            return ()
        known, layers = self._known
        if known != (id(view.run), id(view.report), level):
            layers = layers_of(view.run, view.report, level)
            self._known = (id(view.run), id(view.report), level), layers
        return arranged(layers, self._list.order, self._list.words)

    def show(self, snapshot: Snapshot) -> None:
        """Bring table, heatmap and charts up to date."""
        view, owner = self.view, self.owner
        if view is None:
            return
        self.rows("header").draw(
            lambda width, _: [run_header(view, frozen=owner.frozen, width=width, screen=2)]
        )
        show_problem(self.rows("problem"), snapshot)
        self.rows("keys").draw(lambda width, _: [key_line(LAYERS, width)])
        layers = self.listing
        chosen = self._chosen(view, layers)
        listed = self._list
        self.rows("title").draw(
            lambda width, _: [layers_heading(view, layers, listed.metric, listed.order, width)]
        )
        self._fit(layers)
        self._map(view, chosen)
        self._detail(view, chosen)

    def clicked(self, name: str, column: int, row: int) -> None:
        """Choose the layer, and of the heatmap the step, that was clicked."""
        if name not in ("table", "heat"):
            return
        shown = self._visible(self.query_one("#heat").size.height)
        if 1 <= row <= len(shown):
            self._choose(shown[row - 1])
        if name == "heat":
            self.point_at(column)

    def action_move(self, by: int) -> None:
        """Choose another layer."""
        view, layers = self.view, self.listing
        if view is None or not layers:
            return
        chosen = self._chosen(view, layers)
        at = next((n for n, one in enumerate(layers) if one is chosen), 0)
        self._choose(layers[min(max(at + by, 0), len(layers) - 1)])

    def action_page(self, by: int) -> None:
        """Choose a layer a screenful further."""
        self.action_move(by * max(self.query_one("#heat").size.height - 3, 1))

    def action_edge(self, at: int) -> None:
        """Choose the first or the last layer."""
        if self.listing:
            self._choose(self.listing[at])

    def action_metric(self, by: int) -> None:
        """Show another quantity."""
        self._have(replace(self._list, metric=metric_after(self._list.metric, by)))

    def action_order(self) -> None:
        """Sort by another key: the worst first, by depth, by name."""
        at = (ORDERS.index(self._list.order) + 1) % len(ORDERS)
        self._have(replace(self._list, order=ORDERS[at]))

    def action_fold(self) -> None:
        """Fold parameters into modules, those into theirs, and from the top unfold all."""
        view = self.view
        if view is None or view.run.meta is None:
            return
        level = self._list.level + 1
        self._have(replace(self._list, level=level % (deepest(view.run.meta.parameters) + 1)))

    def action_filter(self) -> None:
        """List only the layers whose names match what is typed."""
        self.app.push_screen(
            PromptScreen(
                "layers with", self._list.words, lambda t: self._have(replace(self._list, words=t))
            )
        )

    def action_numbers(self) -> None:
        """Show all that was measured of the chosen layer."""
        view = self.view
        layer = None if view is None else self._chosen(view, self.listing)
        if view is not None and layer is not None:
            page = partial(numbers_page, view.run, layer, self.sight.cursor)
            self.app.push_screen(TextScreen(layer.fold.name, page))

    def action_expand(self) -> None:
        """Give the table the whole screen, or take it back."""
        self._have(replace(self._list, expanded=not self._list.expanded))

    def on_resize(self) -> None:
        """Share the rows out anew."""
        self.redraw()

    def _have(self, listed: _List) -> None:
        self._list = listed
        self.redraw()

    def _choose(self, layer: Layer) -> None:
        self.look(replace(self.sight, row=layer.fold.name))

    def _chosen(self, view: RunView, layers: Sequence[Layer]) -> Layer | None:
        """Return the chosen row, else the one that the chosen finding names, else the first."""
        row, finding = self.sight.row, self.finding
        names = [row] if row else [] if finding is None else list(finding.culprits[:1])
        found = (row_of(view.run, layers, name) for name in names)
        return next(filter(None, found), layers[0] if layers else None)

    def _visible(self, height: int) -> Sequence[Layer]:
        """Return the rows around the chosen one that a table of `height` rows has room for."""
        view, layers = self.view, self.listing
        chosen = None if view is None else self._chosen(view, layers)
        at = next((n for n, one in enumerate(layers) if one is chosen), 0)
        room = max(height - 2, 1)
        start = min(max(at - room // 2, 0), max(len(layers) - room, 0))
        return layers[start : start + room]

    def _map(self, view: RunView, chosen: Layer | None) -> None:
        """Draw the rows around the chosen one, as table and as heatmap."""
        heat, metric = self.query_one("#heat", CellGrid), self._list.metric
        name = "" if chosen is None else chosen.fold.name

        def cells(rows: int, columns: int) -> Cells:
            return self._heat_cells(view, self._visible(rows), name, rows, columns)

        heat.put(cells)
        self.rows("table").draw(
            lambda width, height: table_lines(
                self._visible(height), name, metric, self._memory.scale, width
            )
        )

    def _heat_cells(
        self, view: RunView, layers: Sequence[Layer], chosen: str, rows: int, columns: int
    ) -> Cells:
        cells, ruler, axes = blank(rows, columns), ruler_of(view), self.owner.axes
        if ruler is None or columns < 2 or not layers:
            return cells
        axis = self._axis(view, ruler)
        steps = steps_of(view.run, self._list.metric)
        places = coordinates(ruler, axes.x, steps)
        shown = [one.fold for one in layers]
        values = self._memory.values(
            view.run, self._list.metric, shown, steps, places, axis, columns
        )
        scale = self._memory.scale
        assert scale is not None
        cursor = self.sight.cursor
        column = None
        if cursor is not None:
            share = axis.share(place(ruler, axes.x, cursor))
            column = min(int(share * columns), columns - 1)
        at = next((n for n, one in enumerate(layers) if one.fold.name == chosen), -1)
        cells.put(heat_cells(values, scale, at, column), 1)
        cells.put(step_axis_cells(axis, columns), 1 + len(layers))
        return cells

    def _axis(self, view: RunView, ruler: Points) -> Axis:
        window = self.sight.window
        return across_axis(ruler, self.owner.axes.x, growing=view.is_growing, window=window)

    def _detail(self, view: RunView, layer: Layer | None) -> None:
        metric, focus = self._list.metric, self.sight
        other = UPDATE if metric is GRAD else GRAD
        for name, shown in (("chart", metric), ("chart2", other)):
            chart = self.query_one(f"#{name}", Chart)
            subject = (view.key, layer and layer.fold.name, shown.name, self.owner.axes.log_y)
            words = f"no {shown.label} was measured"
            chart.draw(subject, partial(self._picture, view, layer, shown, focus), words)
        self.rows("legend").draw(
            lambda width, _: [detail_heading(view.run, layer, metric, focus.cursor, width)]
        )

    def _picture(
        self, view: RunView, layer: Layer | None, metric: Metric, focus: Focus, before: Axis | None
    ) -> Picture | None:
        if layer is None:
            return None
        steps, times, values = history(view.run, metric, layer.fold)
        if not len(steps):
            return None
        values = values if metric.log else 100 * values
        picture = picture_of_series(
            Series(metric.name, steps, times, values),
            ruler=ruler_of(view),
            axes=self.owner.axes,
            focus=focus,
            growing=view.is_growing,
            before=before,
        )
        return replace(picture, note=f"{metric.label}{'' if metric.log else ' %'}")

    def _fit(self, layers: Sequence[Layer]) -> None:
        """Give table and heatmap the rows they need, and the charts the rest."""
        width, height = self.size
        charts = height >= _LEAST_WITH_DETAIL and not self._list.expanded
        self.query_one("#detail").display = charts
        most = height - 3 if not charts else max((height - 3) * 3 // 5, 6)
        self.query_one("#layers").styles.height = (
            "1fr" if not charts else min(len(layers) + 2, most)
        )
        self.rows("table").styles.width = table_width(width)
        self.query_one("#chart2").display = width >= _WIDE
