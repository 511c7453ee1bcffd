"""A GRU learns from recordings with a learning rate of a millionth."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress, series
from torch import Tensor, nn


class GRUClassifier(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.gru = nn.GRU(input_size=2, hidden_size=48, batch_first=True)
        self.dropout = nn.Dropout(0.1)
        self.out = nn.Linear(48, 4)

    def forward(self, x: Tensor) -> Tensor:
        states, _ = self.gru(x)
        return self.out(self.dropout(states[:, -1]))


def main() -> None:
    args = arguments(__doc__, steps=400)
    model = GRUClassifier()
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3 if args.fixed else 1e-6)
    for step, (x, y) in enumerate(batches(*series(), steps=args.steps, size=48)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
