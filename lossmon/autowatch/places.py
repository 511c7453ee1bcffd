"""Where a script's trainings are logged: `<logdir>/<Model>-<n>`, in order of first backward."""

from __future__ import annotations

import os
import re
from pathlib import Path

from lossmon.errors import UsageError
from lossmon.eventfile.place import FOLDER, first_free, holds_runs, last_taken


class Places:
    """Hands out logdirs; never one in which another execution of the script has written."""

    def __init__(self, logdir: Path) -> None:
        self._wanted = logdir
        self._root: Path | None = None
        self.claimed: list[Path] = []
        """The logdirs handed out, in order; each could be written to."""

    @property
    def root(self) -> Path:
        """The folder above all runs; as asked for until the first training is found."""
        return self._root or self._wanted

    def probe(self) -> None:
        """Find out whether a run could be made; leaves nothing behind.

        Raises:
            UsageError: It could not.
        """
        try:
            place = first_free(self._wanted, holds_runs)
            # Making the folder itself would tell the script that it is watched.
            _try(next(p for p in (place, *place.parents) if os.path.lexists(p)))
        except OSError as error:
            raise _refused(self._wanted, error) from None

    def claim(self, model: str, *, resumes: bool) -> Path:
        """Make and return the logdir of the next training; `resumes`: it goes on from a checkpoint.

        Raises:
            UsageError: It cannot be made or written to.
        """
        name = re.sub(r"[^\w.+-]", "_", model)[:80] or "model"
        try:
            choose = last_taken if resumes else first_free
            root = self._root or choose(self._wanted, holds_runs)
            place = root / f"{name}-{len(self.claimed) + 1}"
            (place / FOLDER).mkdir(parents=True, exist_ok=True)
            _try(place / FOLDER)
        except OSError as error:
            raise _refused(self._wanted, error) from None
        self._root = root
        self.claimed.append(place)
        return place


def _try(folder: Path) -> None:
    """Make and remove a folder in `folder`: permission bits alone do not tell, least of all root's.

    Raises:
        OSError: It cannot be done.
    """
    # By hand: `tempfile` would load `random`, and a script may have a module of that name.
    trial = folder / f".lossmon-{os.urandom(4).hex()}"
    trial.mkdir()
    trial.rmdir()


def _refused(logdir: Path, error: OSError) -> UsageError:
    reason = error.strerror or type(error).__name__
    return UsageError(f"cannot write to logdir {logdir}: {reason}; pass another --logdir")
