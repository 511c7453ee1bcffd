"""What all tests share: seeds, a terminal of known width, fresh interpreters, logs, goldens."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from sshd import SSHD, Sshd

ROOT = Path(__file__).resolve().parent.parent
START = 1_700_000_000.0
"""Wall time at which synthetic logs begin."""
PATIENCE_S = 60.0
"""Far more than another process needs, on a busy machine too."""

# Two threads for tensors of a few hundred numbers wait for each other most of the time: ten times
# slower, on a busy machine twenty. Of PyTorch, which nobody has imported yet, here and in children.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# The same examples every time, and no clock: a busy machine must not fail a test.
settings.register_profile(
    "steady",
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("steady")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--write-goldens", action="store_true", help="write golden files instead of comparing"
    )
    parser.addoption(
        "--every-cure",
        action="store_true",
        help="train every demo without its fault too, not those of wiring alone",
    )


# Under nohup, or in the background of a script, signals are ignored, and children inherit that.
for _number, _usual in (
    (signal.SIGHUP, signal.SIG_DFL),
    (signal.SIGINT, signal.default_int_handler),
):
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, _usual)


@pytest.fixture(autouse=True)
def _known_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seed every generator; give text 80 columns; keep the caller's settings out."""
    random.seed(0)
    np.random.seed(0)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(0)
    monkeypatch.setenv("COLUMNS", "80")
    for name in ("NO_COLOR", "LOSSMON_TRACEBACK", "LINES"):
        monkeypatch.delenv(name, raising=False)


def _ours() -> dict[str, object]:
    """Return what watching puts into the process: threads, hooks, functions of torch's replaced."""
    found: dict[str, object] = {
        "threads": [t.name for t in threading.enumerate() if t.name.startswith("lossmon")]
    }
    if "torch.nn" in sys.modules:
        import torch
        from torch.nn.modules import module as modules
        from torch.optim import Optimizer
        from torch.optim import optimizer as optimizers

        kept = [*vars(modules).items(), *vars(optimizers).items()]
        found["hooks"] = {
            name: len(hooks) for name, hooks in kept if name.startswith("_global") and hooks
        }
        found["replaced"] = [
            name
            for place, name in (
                (torch, "compile"),
                (torch.autograd, "backward"),
                (torch.amp.GradScaler, "scale"),
                (torch.nn.Module, "__init__"),
                (torch.nn.Module, "__setstate__"),
                (Optimizer, "__init__"),
                (Optimizer, "__setstate__"),
            )
            if hasattr(getattr(place, name), "__wrapped__")
        ]
    return found


@pytest.fixture
def nothing_left() -> Iterator[None]:
    """Fail where the test leaves a hook, a thread or a replaced function of ours behind."""
    before = _ours()
    yield
    after = _ours()
    # What the test was the first to import was not replaced before it.
    assert after == {"threads": [], "hooks": {}, "replaced": [], **before} or after == before


@pytest.fixture
def rng() -> np.random.Generator:
    """A generator that starts alike in every test."""
    return np.random.default_rng(0)


@pytest.fixture
def run_python() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run Python in a fresh interpreter: `run_python("-c", "import lossmon")`; never raises."""

    def run(
        *arguments: str | Path,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        timeout: float = 120,
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *map(str, arguments)],
            cwd=cwd,
            env={**os.environ, **(env or {})},
            timeout=timeout,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compare text with `goldens/<name>` beside the test; `--write-goldens` renews the file."""

    def compare(name: str, text: str) -> None:
        path = request.path.parent / "goldens" / name
        if request.config.getoption("--write-goldens"):
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert text == path.read_text(encoding="utf-8")

    return compare


@pytest.fixture
def write_run(tmp_path: Path) -> Callable[..., Path]:
    """Write a closed run as capture writes it: one loss a second, below `tmp_path / "runs"`.

    Returns the folder of runs, so that `write_run("a", losses)` is read with `read_runs(result)`.
    """

    def write(
        name: str, losses: Sequence[float], *, start: float = START, closed: bool = True
    ) -> Path:
        from lossmon.eventfile.writer import RunWriter
        from lossmon.records import Mark, RunMeta

        meta = RunMeta(run_id=name, start_id=f"{name}-0", start_wall=start, model="Net")
        writer = RunWriter(tmp_path / "runs" / name, meta)
        for step, loss in enumerate(losses):
            writer.scalars(step, start + step, {"train/loss": loss})
        if closed:
            writer.mark(Mark(len(losses) - 1, start + len(losses), "closed"))
        writer.close()
        return tmp_path / "runs"

    return write


@pytest.fixture
def until() -> Callable[[Callable[[], bool]], None]:
    """Wait until something holds that another process brings about; fail after a minute."""

    def wait(holds: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not holds():
            assert time.monotonic() < deadline, "it never came"
            time.sleep(0.02)

    return wait


@pytest.fixture(scope="session")
def _server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    if SSHD is None:
        pytest.skip("no sshd here (Debian: apt-get install openssh-server)")
    server = Sshd(tmp_path_factory.mktemp("sshd"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def sshd(_server: Sshd, monkeypatch: pytest.MonkeyPatch) -> Sshd:
    """A real sshd on the loopback interface, and an `ssh` in PATH that knows it."""
    _server.use_python(True)
    monkeypatch.setenv("PATH", f"{_server.clients}{os.pathsep}{os.environ['PATH']}")
    return _server
