"""The files that the tab loads, by name. A name that is not in the list is answered with 404.

BokehJS is the copy inside the installed `bokeh` package, so that it always fits the figures.
"""

from __future__ import annotations

import gzip
import importlib.util
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path

_STATIC = Path(__file__).parent / "static"
_SCRIPTS = (
    "index.js", "api.js", "axis.js", "chart.js", "charts.js", "compare.js", "controls.js",
    "dom.js", "empty.js", "figure.js", "findings.js", "heatmap.js", "host.js", "layer.js",
    "link.js", "machine.js", "runs.js", "save.js", "tab.js",
)  # fmt: skip
_SHEETS = (
    "ground.css", "runs.css", "findings.css", "charts.css", "layers.css", "empty.css", "narrow.css",
)  # fmt: skip
STYLE = "style.css"
BOKEH = "bokeh.js"
INSTALL = 'The chart needs Bokeh: pip install "lossmon[tensorboard]", then start TensorBoard again.'


@dataclass(frozen=True, slots=True)
class Asset:
    """A file ready to send."""

    content: bytes
    mimetype: str
    encoding: str | None = None
    expires_s: int = 0


def asset(name: str) -> Asset | None:
    """Return the file of this name, or None."""
    if name == BOKEH:
        return _bokeh()
    if name == STYLE:
        # As one: a browser asks for six files at a time.
        return Asset(b"\n".join(map(_read, _SHEETS)), "text/css")
    return Asset(_read(name), "text/javascript") if name in _SCRIPTS else None


def _read(name: str) -> bytes:
    return (_STATIC / name).read_bytes()


def bokeh_version() -> str:
    """Return the version of the installed Bokeh, "" where there is none that can be used."""
    # From its metadata: importing it would keep TensorBoard from starting for a moment.
    return version("bokeh") if _bokeh_file() is not None else ""


@cache
def _bokeh_file() -> Path | None:
    try:
        spec = importlib.util.find_spec("bokeh")
    except (ImportError, ValueError):
        return None
    if spec is None or spec.origin is None:
        return None
    file = Path(spec.origin).parent / "server" / "static" / "js" / "bokeh.min.js"
    return file if file.is_file() else None


@cache
def _bokeh() -> Asset | None:
    """Return BokehJS, compressed once: 40 ms for each page load otherwise."""
    file = _bokeh_file()
    if file is None:
        return None
    packed = gzip.compress(file.read_bytes(), 6, mtime=0)
    return Asset(packed, "text/javascript", "gzip", expires_s=86_400)
