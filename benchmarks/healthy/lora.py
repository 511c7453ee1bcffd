"""Low-rank adapters on a frozen network: most gets no gradient, and half of the rest is zero."""

from __future__ import annotations

import torch
from _task import arguments, arms, batches, progress
from torch import Tensor, nn


class Adapted(nn.Module):
    """A frozen linear layer plus a low-rank correction that starts as nothing."""

    def __init__(self, frozen: nn.Linear, rank: int) -> None:
        super().__init__()
        self.frozen = frozen.requires_grad_(False)
        self.lora_a = nn.Parameter(torch.randn(rank, frozen.in_features) / frozen.in_features**0.5)
        self.lora_b = nn.Parameter(torch.zeros(frozen.out_features, rank))

    def forward(self, x: Tensor) -> Tensor:
        return self.frozen(x) + x @ self.lora_a.T @ self.lora_b.T


def main() -> None:
    args = arguments(__doc__, steps=600)
    model = nn.Sequential(
        nn.Linear(2, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 3)
    )
    for index in (0, 2, 4):
        model[index] = Adapted(model[index], rank=8 if index == 2 else 2)
    criterion = nn.CrossEntropyLoss()
    learning = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(learning, lr=1e-2)
    for step, (x, y) in enumerate(batches(*arms(), steps=args.steps)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
