"""Where a script's trainings are logged: `<logdir>/<Model>-<n>`, in order of first backward."""

from __future__ import annotations

import re
from pathlib import Path

from lossmon.eventfile.place import first_free, holds_runs, last_taken


class Places:
    """Hands out logdirs; never one in which another execution of the script has written."""

    def __init__(self, logdir: Path) -> None:
        self._wanted = logdir
        self._root: Path | None = None
        self.claimed: list[Path] = []
        """The logdirs handed out, in order."""

    @property
    def root(self) -> Path:
        """The folder above all runs; as asked for until the first training is found."""
        return self._root or self._wanted

    def claim(self, model: str, *, resumes: bool) -> Path:
        """Return the logdir of the next training; `resumes`: it goes on from a checkpoint."""
        if self._root is None:
            choose = last_taken if resumes else first_free
            self._root = choose(self._wanted, holds_runs)
        name = re.sub(r"[^\w.+-]", "_", model)[:80] or "model"
        place = self._root / f"{name}-{len(self.claimed) + 1}"
        self.claimed.append(place)
        return place
