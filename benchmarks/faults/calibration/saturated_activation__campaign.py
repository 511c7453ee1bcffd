"""A gate on every field of an advert is meant to start closed, and starts at a bias of -20.

After gates of fields in click models. Closed are all: no field is heard. Fixed: a bias of 0.
"""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

FIELDS, VALUES, DIM = 8, 40, 8


class Gated(nn.Module):
    """Whether an advert is clicked: embeddings, a gate for each of their numbers, two layers."""

    def __init__(self, bias: float) -> None:
        super().__init__()
        self.tables = nn.ModuleList(nn.Embedding(VALUES, DIM) for _ in range(FIELDS))
        self.gate = nn.Linear(FIELDS * DIM, FIELDS * DIM)
        self.deep = nn.Sequential(nn.Linear(FIELDS * DIM, 32), nn.Tanh(), nn.Linear(32, 1))
        nn.init.constant_(self.gate.bias, bias)

    def forward(self, fields: Tensor) -> Tensor:
        x = torch.cat([table(v) for table, v in zip(self.tables, fields.unbind(1), strict=True)], 1)
        return self.deep(torch.sigmoid(self.gate(x)) * x)[:, 0]


def adverts(count: int = 6000) -> tuple[Tensor, Tensor]:
    """Return values of fields, (count, 8), and whether each was clicked."""
    fields = torch.randint(VALUES, (count, FIELDS))
    worth = torch.randn(FIELDS, VALUES)
    score = worth[torch.arange(FIELDS), fields].sum(1)
    return fields, (torch.rand(count) < (score - 0.5).sigmoid()).float()


def main() -> None:
    args = arguments(__doc__, steps=500)
    model = Gated(0.0 if args.fixed else -20.0)
    criterion = nn.BCEWithLogitsLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for step, (x, y) in enumerate(batches(*adverts(), steps=args.steps, size=64)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
