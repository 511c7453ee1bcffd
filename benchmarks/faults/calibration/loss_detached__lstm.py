"""The states of a recurrent encoder go through numpy, where they lose their graph."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn


class Counter(nn.Module):
    """Tells how many numbers of a series are positive."""

    def __init__(self, cut: bool) -> None:
        super().__init__()
        self.recurrent = nn.LSTM(1, 32, batch_first=True)
        self.head = nn.Sequential(nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 1))
        self.cut = cut

    def forward(self, x: Tensor) -> Tensor:
        state = self.recurrent(x[..., None])[0][:, -1]
        if self.cut:
            state = torch.tensor(state.detach().numpy())
        return self.head(state)


def main() -> None:
    args = arguments(__doc__, steps=400)
    x = torch.randn(4000, 16)
    y = (x > 0).float().sum(1, keepdim=True) / 2 - 4
    model, criterion = Counter(cut=not args.fixed), nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for step, (inputs, targets) in enumerate(batches(x, y, steps=args.steps, size=32)):
        optimizer.zero_grad()
        loss = criterion(model(inputs), targets)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
