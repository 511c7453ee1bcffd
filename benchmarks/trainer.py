"""A process that has imported PyTorch and the rules, and forks a child for each training.

Imports are half of what a short training costs. Reads a JSON object a line from stdin, with the
words after `lossmon`, the files for stdout and stderr, and the folder to be in; answers with the
exit code.
"""

from __future__ import annotations

import json
import os
import sys

import torch  # noqa: F401

import lossmon.autowatch
import lossmon.capture.monitor
import lossmon.diagnosis.engine
import lossmon.report.text  # noqa: F401
from lossmon.cli import main
from lossmon.diagnosis.rules import load_rules


def child(words: list[str], out: str, err: str, cwd: str) -> None:
    """Run one command with its output in files, and end the process."""
    os.chdir(cwd)
    for path, stream in ((out, 1), (err, 2)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), stream)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    sys.argv = ["lossmon", *words]
    try:
        sys.exit(main(words))
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


def serve() -> None:
    """Fork for each line, and answer it, until stdin ends."""
    for line in sys.stdin:
        order = json.loads(line)
        pid = os.fork()
        if pid == 0:
            child(**order)
        _, status = os.waitpid(pid, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    load_rules()
    serve()
