"""Trains a script once more under torchmortem, and writes what that says of it as JSON.

    python benchmarks/peer.py OUT SCRIPT [ARGS]

The script is run as it is: the first model that is called and the first optimizer that steps are
handed to `torchmortem.Autopsy` (sampling "thorough") at that step, and the loss of every
backward pass is told after the step. Install it from the group `benchmarks`.
"""

from __future__ import annotations

import json
import runpy
import sys
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn.modules.module import register_module_forward_pre_hook
from torch.optim.optimizer import register_optimizer_step_post_hook

NAMES = {
    "Vanishing gradients": "vanishing-gradient",
    "Exploding gradients": "exploding-gradient",
    "Dead units": "dead-relu",
    "Activation saturation": "saturated-activation",
    "Update ratio too low": "lr-too-low",
    "Update ratio too high": "lr-too-high",
    "High gradient noise": "batch-too-small",
}
"""What a finding's title begins with -> the cause, in our words; other titles name a symptom."""


class Peer:
    """One autopsy, attached to what a script trains first."""

    def __init__(self) -> None:
        self._model: nn.Module | None = None
        self._optimizer: torch.optim.Optimizer | None = None
        self._autopsy: Any = None
        self._loss = float("nan")
        self._found = register_module_forward_pre_hook(self._see)
        register_optimizer_step_post_hook(self._after)
        self._backward = torch.Tensor.backward
        torch.Tensor.backward = self._note(self._backward)  # type: ignore[method-assign]  # the process ends with the script

    def findings(self) -> list[list[str]]:
        """Return severity and name of what is above its info, worst first."""
        if self._autopsy is None:
            return []
        self._autopsy.detach()
        report = self._autopsy.get_report()
        found = sorted(report.findings, key=lambda finding: -int(finding.severity))
        return [[f.severity.name, _name(f.title)] for f in found if int(f.severity) > 0]

    def _see(self, module: nn.Module, args: Any) -> None:
        if self._model is None and any(True for _ in module.parameters()):
            self._model = module
            self._found.remove()

    def _note(self, backward: Any) -> Any:
        def noted(loss: torch.Tensor, *args: Any, **kwargs: Any) -> None:
            self._loss = float(loss.detach().float().mean())
            backward(loss, *args, **kwargs)

        return noted

    def _after(self, optimizer: torch.optim.Optimizer, args: Any, kwargs: Any) -> None:
        if self._autopsy is None and self._model is not None:
            from torchmortem import Autopsy

            self._optimizer = optimizer
            self._autopsy = Autopsy(self._model, optimizer=optimizer, sampling="thorough")
            self._autopsy.attach()
        if self._autopsy is not None and optimizer is self._optimizer:
            self._autopsy.step(loss=self._loss)


def _name(title: str) -> str:
    known = (slug for begins, slug in NAMES.items() if title.startswith(begins))
    return next(known, title.partition(" in ")[0].lower().replace(" ", "-"))


def main() -> None:
    """Run the script, then write the findings, whatever became of it."""
    out, script = Path(sys.argv[1]), sys.argv[2]
    sys.argv = sys.argv[2:]
    sys.path.insert(0, str(Path(script).parent))
    peer = Peer()
    try:
        runpy.run_path(script, run_name="__main__")
    finally:
        out.write_text(json.dumps(peer.findings()))


if __name__ == "__main__":
    main()
