"""A sensor that drops out says anything for three points in ten; eight are to forecast."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

PAST, AHEAD = 24, 8


class Forecaster(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.recurrent = nn.GRU(1, 64, batch_first=True)
        self.head = nn.Linear(64, AHEAD)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.recurrent(x)[0][:, -1])


def main() -> None:
    args = arguments(__doc__, steps=500)
    time = torch.arange(1800.0)
    series = torch.sin(0.3 * time) + 0.6 * torch.sin(0.11 * time + 1)
    dropped = torch.rand(len(series)) < (0.0 if args.fixed else 0.3)
    series = torch.where(dropped, torch.empty_like(series).uniform_(-2, 2), series)
    windows = series.unfold(0, PAST + AHEAD, 1)
    past, coming = windows[:, :PAST, None], windows[:, PAST:]
    model, criterion = Forecaster(), nn.L1Loss()
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for step, (x, y) in enumerate(batches(past[:1400], coming[:1400], steps=args.steps, size=64)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)
        if step % 25 == 24:
            with torch.no_grad():
                held_out = criterion(model(past[1400:]), coming[1400:])
            print(f"           validation {held_out.item():.4f}")


if __name__ == "__main__":
    main()
