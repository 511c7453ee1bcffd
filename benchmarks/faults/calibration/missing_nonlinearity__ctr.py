"""A click model of embeddings and three dense layers, whose activations were never written."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from _task import arguments, batches, progress
from torch import Tensor, nn

FIELDS, VALUES, WIDTH = 3, 20, 8


class Clicks(nn.Module):
    def __init__(self, act: str) -> None:
        super().__init__()
        self.tables = nn.ModuleList(nn.Embedding(VALUES, WIDTH) for _ in range(FIELDS))
        self.fc1 = nn.Linear(FIELDS * WIDTH, 64)
        self.drop = nn.Dropout(0.1)
        self.fc2 = nn.Linear(64, 32)
        self.fc3 = nn.Linear(32, 1)
        self.act = {"relu": nn.ReLU(), "none": nn.Identity()}[act]

    def forward(self, x: Tensor) -> Tensor:
        x = torch.cat([table(x[:, i]) for i, table in enumerate(self.tables)], dim=1)
        x = self.drop(self.act(self.fc1(x)))
        x = self.act(self.fc2(x))
        return torch.sigmoid(self.fc3(x)).squeeze(-1)


def main() -> None:
    args = arguments(__doc__, steps=600)
    x = torch.randint(VALUES, (20000, FIELDS))
    side = torch.randn(FIELDS, VALUES).sign()
    a, b, c = (side[i][x[:, i]] for i in range(FIELDS))
    clicked = (torch.rand(20000) < torch.where(a * b > 0, 0.95, 0.05) * (0.75 + 0.25 * c)).float()
    model = Clicks("relu" if args.fixed else "none")
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for step, (inputs, y) in enumerate(batches(x, clicked, steps=args.steps, size=128)):
        optimizer.zero_grad()
        loss = F.binary_cross_entropy(model(inputs), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
