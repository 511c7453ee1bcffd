"""`%run -m lossmon run SCRIPT` in a real IPython: the notebook goes on afterwards as before."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import lossmon
from lossmon.signals import LOSS

SCRIPT = """
import sys, torch
class Net(torch.nn.Linear): pass
net = Net(5, 2)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for _ in range(20):
    optimizer.zero_grad()
    net(torch.ones(4, 5)).square().mean().backward()
    optimizer.step()
print("script", __name__, sys.argv)
"""

CELLS = """
import sys, torch, threading
x, backward = 3, torch.autograd.backward
before = sys.argv, list(sys.path), sys.modules["__main__"], threading.active_count()
%run -m lossmon run --logdir out script.py --epochs 3
after = sys.argv, list(sys.path), sys.modules["__main__"], threading.active_count()
print("notebook", x, before == after, torch.autograd.backward is backward)
%run -m lossmon run --logdir out script.py
"""


def test_a_script_run_in_a_notebook_is_watched_and_leaves_the_notebook_as_it_was(
    tmp_path: Path, run_python: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    (tmp_path / "script.py").write_text(SCRIPT)
    (tmp_path / "cells.ipy").write_text(CELLS)
    words = ("-m", "IPython", "--no-banner", "--colors=nocolor", "cells.ipy")
    done = run_python(*words, cwd=tmp_path, env={"IPYTHONDIR": str(tmp_path / "ipython")})
    assert done.stdout.splitlines() == [
        "script __main__ ['script.py', '--epochs', '3']",
        "notebook 3 True True",
        "script __main__ ['script.py']",
    ], done.stderr
    assert done.stderr.count("Net-1: ") == 2
    for root in ("out", "out-2"):
        assert len(lossmon.read_run(tmp_path / root / "Net-1").scalar(LOSS)) == 20
