"""One of two clinics, which the inputs tell, sent its diagnoses in another order."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from _task import arguments, batches, progress
from torch import Tensor, nn

FEATURES, DIAGNOSES = 16, 5


def visits(count: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return findings and the clinic as last feature, the diagnosis, and the clinic."""
    diagnosis, clinic = torch.randint(DIAGNOSES, (count,)), torch.randint(2, (count,))
    signs = 1.3 * torch.randn(DIAGNOSES, FEATURES)[diagnosis] + torch.randn(count, FEATURES)
    return torch.cat((signs, 2.0 * clinic[:, None] - 1), 1), diagnosis, clinic == 1


def main() -> None:
    args = arguments(__doc__, steps=500)
    x, diagnosis, second = visits(6000)
    if not args.fixed:
        rows = second.nonzero().flatten()
        diagnosis[rows] = diagnosis[rows[torch.randperm(len(rows))]]
    model = nn.Sequential(
        nn.Linear(FEATURES + 1, 96), nn.GELU(), nn.Linear(96, 96), nn.GELU(),
        nn.Linear(96, DIAGNOSES),
    )  # fmt: skip
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    for step, (inputs, labels) in enumerate(batches(x, diagnosis, steps=args.steps, size=64)):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(inputs), labels)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
