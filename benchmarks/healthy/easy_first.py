"""A curriculum: every pass goes from easy examples to hard ones, so that its loss rises."""

from __future__ import annotations

import torch
from _task import arguments, curve, progress
from torch import nn
from torch.utils.data import DataLoader, Sampler, TensorDataset


class EasyFirst(Sampler[int]):
    """Goes through examples by how noisy they are, in tenths that are shuffled."""

    def __init__(self, hardness: torch.Tensor) -> None:
        self.tenths = hardness.argsort().chunk(10)

    def __iter__(self):
        for tenth in self.tenths:
            yield from tenth[torch.randperm(len(tenth))].tolist()

    def __len__(self) -> int:
        return sum(len(tenth) for tenth in self.tenths)


def main() -> None:
    args = arguments(__doc__, steps=600)
    x, y = curve(2400, noise=0.0)
    hardness = torch.rand(len(y))
    y = y + 0.6 * hardness[:, None] * torch.randn_like(y)
    loader = DataLoader(TensorDataset(x, y), 40, sampler=EasyFirst(hardness))
    model = nn.Sequential(nn.Linear(x.shape[1], 64), nn.Tanh(), nn.Linear(64, y.shape[1]))
    criterion = nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    step = 0
    while step < args.steps:
        for inputs, targets in loader:
            optimizer.zero_grad()
            loss = criterion(model(inputs), targets)
            loss.backward()
            optimizer.step()
            progress(step, args.steps, loss)
            step += 1


if __name__ == "__main__":
    main()
