"""What TensorBoard imports at every start. An error here would end it, so nothing here can fail.

Only `tensorboard.plugins.base_plugin` is imported, which TensorBoard itself has loaded by then; all
else waits for `load`, whose errors cost the tab and not the server.
"""

from __future__ import annotations

import logging
from typing import Any

from tensorboard.plugins import base_plugin


class LossmonLoader(base_plugin.TBLoader):  # type: ignore[misc]  # it ships no types
    """Makes the plugin; the entry point in the group `tensorboard_plugins`."""

    def load(self, context: Any) -> Any:
        """Return the plugin for this `TBContext`, or None where it cannot be made: no tab then."""
        try:
            from tensorboard_plugin_lossmon.plugin import LossmonPlugin

            return LossmonPlugin(context)
        except Exception as error:  # whatever it is, the other tabs must go on working
            logging.getLogger(__name__).warning(
                'lossmon: no tab "Stagnation": %s: %s', type(error).__name__, error
            )
            return None
