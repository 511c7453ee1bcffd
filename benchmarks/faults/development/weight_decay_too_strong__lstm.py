"""AdamW is given a weight decay of 20: every step takes a tenth off every weight."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress, series
from torch import Tensor, nn


class SeriesLSTM(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(2, 48, batch_first=True)
        self.fc = nn.Linear(48, 4)

    def forward(self, x: Tensor) -> Tensor:
        _, (h, _) = self.lstm(x)
        return self.fc(h[-1])


def main() -> None:
    args = arguments(__doc__, steps=400)
    model = SeriesLSTM()
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=5e-3, weight_decay=0.01 if args.fixed else 20.0
    )
    for step, (x, y) in enumerate(batches(*series(), steps=args.steps, size=48)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
