"""The length of the decay was set for a tenth of the training, and the rest has no step left."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn


class Tagger(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(3, 32, batch_first=True)
        self.head = nn.Linear(32, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.lstm(x)[0][:, -1])


def main() -> None:
    args = arguments(__doc__, steps=500)
    x = torch.randn(3000, 12, 3)
    y = 3 * (x[:, :, :1].relu() * x[:, :, 1:2].sign()).mean(1) + 0.1 * torch.randn(3000, 1)
    model = Tagger()
    criterion = nn.MSELoss()
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
    length = args.steps if args.fixed else args.steps // 10
    scheduler = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 1e-3, total_iters=length)
    for step, (inputs, targets) in enumerate(batches(x, y, steps=args.steps, size=128)):
        optimizer.zero_grad()
        loss = criterion(model(inputs), targets)
        loss.backward()
        optimizer.step()
        scheduler.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
