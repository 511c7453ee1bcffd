"""The routes by their paths, each with the parameters that it knows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tensorboard_plugin_lossmon import answers, exports, pictures
from tensorboard_plugin_lossmon.asked import Query, check
from tensorboard_plugin_lossmon.ready import Ready
from tensorboard_plugin_lossmon.store import Store


@dataclass(frozen=True, slots=True)
class Route:
    """One path, and what may be asked of it."""

    answer: Callable[[Store, Query], dict[str, Any] | Ready]
    single: tuple[str, ...] = ()
    repeated: tuple[str, ...] = ()

    def __call__(self, store: Store, query: Query) -> dict[str, Any] | Ready:
        """Return the answer.

        Raises:
            RefusedError: The request cannot be answered.
        """
        check(query, self.single, self.repeated)
        return self.answer(store, query)


_DRAWN = ("v", "look", "x", "first", "last", "left")

ROUTES = {
    "/about": Route(answers.about_us),
    "/runs": Route(answers.runs, ("v",)),
    "/report": Route(answers.report, ("run", "v")),
    "/rule": Route(answers.rule, ("id",)),
    "/figure": Route(pictures.figure, ("y", "smooth", *_DRAWN), ("run", "hue")),
    "/heatmap": Route(pictures.heatmap, ("run", "metric", "level", "row", *_DRAWN), ("open",)),
    "/compare": Route(pictures.compare, ("v", "look", "first", "last", "left"), ("run",)),
    "/export": Route(exports.export, ("run", "as")),
    "/machine": Route(pictures.machine, ("run", "drawn", *_DRAWN)),
    "/layer": Route(pictures.layer, ("run", "name", *_DRAWN)),
}
