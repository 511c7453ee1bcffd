"""The processes that a watched script begins by `multiprocessing`: ranks, pools, loader workers.

Each finds and watches its own trainings, in places that the script's first process knows of. A
spawned process is told with what it is told anyway of its parent; a forked one inherits the
watcher, which goes on there where its parent has not trained anything.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from lossmon.autowatch.importhook import ImportHook
from lossmon.autowatch.places import Places


class Watch:
    """Watches this process as soon as it imports torch, and what it begins."""

    def __init__(self, places: Places, stop_on: Sequence[str] = (), **own: bool) -> None:
        """`own`: what is asked of the trainings of this process, and never of its children's."""
        self.places = places
        self._own = own
        self._stop_on = tuple(stop_on)
        self.watcher: Any = None
        """A `Watcher`, from the import of torch on."""
        self._pid = os.getpid()
        self._has_ended = False
        self._undo: list[Callable[[], None]] = []
        self._hooks = [
            ImportHook("torch", self._begin),
            ImportHook("multiprocessing.spawn", self._tell_children),
            ImportHook("multiprocessing.util", self._survive_forks),
        ]

    def end(self, error: BaseException | None) -> None:
        """Close every log; `error` is what ended the process, if anything did. Idempotent."""
        if self._has_ended:
            return
        self._has_ended = True
        for hook in self._hooks:
            hook.remove()
        for undo in self._undo:
            undo()
        if self.watcher is not None:
            self.watcher.close(error)

    @property
    def is_own_process(self) -> bool:
        """Whether this is the process that it watches."""
        return os.getpid() == self._pid

    def _begin(self) -> None:
        from lossmon.autowatch.watcher import Watcher

        self.watcher = Watcher(self.places, self._stop_on, **self._own)

    def _tell_children(self) -> None:
        spawn: Any = sys.modules["multiprocessing.spawn"]
        original = spawn.get_preparation_data
        told = _Told(str(self.places.wanted), self.places.session, self._stop_on)

        def get_preparation_data(name: str) -> dict[str, Any]:
            # Reading it in the child is what begins the watch there; nobody asks for the key.
            return {**original(name), "lossmon": told}

        def undo() -> None:
            if spawn.get_preparation_data is get_preparation_data:
                spawn.get_preparation_data = original

        spawn.get_preparation_data = get_preparation_data
        self._undo.append(undo)

    def _survive_forks(self) -> None:
        util: Any = sys.modules["multiprocessing.util"]
        util.register_after_fork(self, Watch.go_on)

    def go_on(self) -> None:
        """Watch until the end of a process that `multiprocessing` has begun, spawned or forked."""
        # Also told twice: the forkserver forgets what a process was to do at its end.
        if self._has_ended:
            return
        if not self.is_own_process:
            if self.watcher is None or self.watcher.has_found:
                return
            self._pid = os.getpid()
            self.watcher.follow_fork()
        util: Any = sys.modules["multiprocessing.util"]
        # Such a process ends without the interpreter's own ending.
        util.Finalize(None, self._end_of_child, exitpriority=10)

    def _end_of_child(self) -> None:
        error = sys.exc_info()[1]
        if isinstance(error, SystemExit):
            # torch.multiprocessing turns an exception into an exit code.
            error = (error.__context__ or error) if error.code else None
        self.end(error)


class _Told:
    """What a spawned process reads of its parent; reading it begins the watch."""

    def __init__(self, *told: object) -> None:
        self._told = told

    def __reduce__(self) -> tuple[Callable[..., None], tuple[str]]:
        # Not as a function of ours: where the process cannot import us, it must begin all the same.
        return exec, (_BEGIN.format(self._told),)


_BEGIN = """
try:
    from lossmon.autowatch.processes import begin_child
except ImportError:
    pass
else:
    begin_child(*{0!r})
"""

_children: list[Watch] = []


def begin_child(wanted: str, session: str, stop_on: Sequence[str]) -> None:
    """Watch this process, which one of the session has spawned."""
    watch = Watch(Places(Path(wanted), session), stop_on)
    _children.append(watch)
    watch.go_on()
