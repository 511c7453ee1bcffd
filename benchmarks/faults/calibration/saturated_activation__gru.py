"""A GRU of somebody's own is given the sum over a crowd, times its size: its gates are pinned.

Fixed: the mean over the crowd.
"""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

CROWD, WIDTH = 25, 32


class Cell(nn.Module):
    """One step of a GRU."""

    def __init__(self) -> None:
        super().__init__()
        self.gates = nn.Linear(2 * WIDTH, 2 * WIDTH)
        self.candidate = nn.Linear(2 * WIDTH, WIDTH)

    def forward(self, x: Tensor, state: Tensor) -> Tensor:
        reset, update = self.gates(torch.cat((x, state), 1)).sigmoid().chunk(2, 1)
        new = torch.tanh(self.candidate(torch.cat((x, reset * state), 1)))
        return update * state + (1 - update) * new


class Crowd(nn.Module):
    """How far apart people stand in the end, by their places at every step."""

    def __init__(self, weight: float) -> None:
        super().__init__()
        self.weight = weight
        self.person = nn.Sequential(nn.Linear(2, WIDTH), nn.ReLU(), nn.Linear(WIDTH, WIDTH))
        self.cell = Cell()
        self.head = nn.Linear(WIDTH, 1)

    def forward(self, places: Tensor) -> Tensor:
        crowds = self.weight * self.person(places).sum(2)
        state = crowds.new_zeros(len(places), WIDTH)
        for crowd in crowds.unbind(1):
            state = self.cell(crowd, state)
        return self.head(state)


def walks(count: int = 1500) -> tuple[Tensor, Tensor]:
    """Return places, (count, 6, 25, 2), of crowds that spread, and how far they have."""
    spread = (0.5 * torch.randn(count, 6)).exp()
    places = spread[:, :, None, None] * torch.randn(count, 6, CROWD, 2)
    weights = torch.tensor([0.1, 0.2, 0.3, 0.5, 0.8, 1.2])
    far = (spread.log() * weights).sum(1, keepdim=True)
    return places, far / far.std()


def main() -> None:
    args = arguments(__doc__, steps=400)
    model = Crowd(1 / CROWD if args.fixed else float(CROWD))
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for step, (x, y) in enumerate(batches(*walks(), steps=args.steps)):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
