"""The tab's routes. GET only, read only; no path in a request is ever opened."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from tensorboard.backend import http_util
from tensorboard.plugins import base_plugin
from werkzeug import wrappers

from lossmon.report.json import dump
from tensorboard_plugin_lossmon.asked import Query, RefusedError
from tensorboard_plugin_lossmon.assets import asset, bokeh_version
from tensorboard_plugin_lossmon.places import roots
from tensorboard_plugin_lossmon.ready import Ready
from tensorboard_plugin_lossmon.routes import ROUTES
from tensorboard_plugin_lossmon.store import Store

Handler = Callable[..., Any]


class LossmonPlugin(base_plugin.TBPlugin):  # type: ignore[misc]  # it ships no types
    """Shows, for each run of the logdir, why its loss does not decrease."""

    plugin_name = "lossmon"

    def __init__(self, context: Any) -> None:
        """Note where the runs lie; nothing is read before the first request."""
        flags = context.flags
        logdir = context.logdir or getattr(flags, "logdir", "") or ""
        spec = getattr(flags, "logdir_spec", "") or ""
        folders, notes = roots("" if spec else logdir, spec)
        self._store = Store(folders, notes)

    def get_plugin_apps(self) -> dict[str, Handler]:
        """Return the WSGI application of each route."""
        apps = {path: self._application(answer) for path, answer in ROUTES.items()}
        return {**apps, "/static/*": wrappers.Request.application(_serve_asset)}

    def data_plugin_names(self) -> tuple[str, ...]:
        """Return whose data makes the tab active: anybody's scalars can be judged."""
        return ("lossmon", "scalars")

    def is_active(self) -> bool:
        """Return False: `data_plugin_names` decides, at no cost for us."""
        return False

    def frontend_metadata(self) -> Any:
        """Return the tab's name and the module that draws it."""
        version = quote(bokeh_version())  # the page asks for BokehJS before anything is answered
        return base_plugin.FrontendMetadata(
            es_module_path=f"/static/index.js?bokeh={version}", tab_name="Stagnation"
        )

    def _application(self, answer: Callable[[Store, Query], dict[str, Any] | Ready]) -> Handler:
        def serve(request: Any) -> Any:
            if request.method != "GET":
                return _refuse(request, 405, "only GET is answered")
            try:
                content = answer(self._store, request.args.to_dict(flat=False))
            except RefusedError as refused:
                return _refuse(request, refused.code, str(refused))
            return _respond(request, content)

        return wrappers.Request.application(serve)


def _serve_asset(request: Any) -> Any:
    if request.method != "GET":
        return _refuse(request, 405, "only GET is answered")
    found = asset(request.path.rpartition("/static/")[2])
    if found is None:
        return _refuse(request, 404, "no such file")
    return http_util.Respond(
        request,
        found.content,
        found.mimetype,
        content_encoding=found.encoding,
        expires=found.expires_s,
    )


def _refuse(request: Any, code: int, reason: str) -> Any:
    headers = [("Allow", "GET")] if code == 405 else []
    return _respond(request, {"error": reason}, code=code, headers=headers)


def _respond(request: Any, content: dict[str, Any] | Ready, **options: Any) -> Any:
    if isinstance(content, dict):
        content = Ready(dump(content, indent=None).encode())
    if content.filename:
        disposition = f'attachment; filename="{content.filename}"'
        options["headers"] = [("Content-Disposition", disposition)]
    return http_util.Respond(request, content.content, content.mimetype, **options)
