"""A trained backbone is frozen, and only a new head learns: fine-tuning as it should be."""

from __future__ import annotations

import torch
from _task import arguments, arms, batches, progress
from torch import Tensor, nn


def train(model: nn.Module, data: tuple[Tensor, Tensor], steps: int) -> None:
    criterion = nn.CrossEntropyLoss()
    learning = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.Adam(learning, lr=5e-3)
    for step, (x, y) in enumerate(batches(*data, steps=steps)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, steps, loss)


def main() -> None:
    args = arguments(__doc__, steps=500)
    backbone = nn.Sequential(nn.Linear(2, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU())
    train(nn.Sequential(backbone, nn.Linear(64, 3)), arms(), args.steps)
    for parameter in backbone.parameters():
        parameter.requires_grad_(False)
    points, arm = arms()
    far = (points.norm(dim=1) > 1).long()
    train(nn.Sequential(backbone, nn.Linear(64, 6)), (points, arm * 2 + far), args.steps)


if __name__ == "__main__":
    main()
