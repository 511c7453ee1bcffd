"""Species of which most are rare: the common ones are learnt at once, the rest bit by bit."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

SPECIES = 40


def sightings(count: int) -> tuple[Tensor, Tensor]:
    """Return thirty traits of animals, and their species, one in thirty times rarer than others."""
    often = 1 / torch.arange(1, SPECIES + 1).float()
    species = torch.multinomial(often, count, replacement=True)
    return torch.randn(SPECIES, 30)[species] + torch.randn(count, 30), species


def main() -> None:
    args = arguments(__doc__, steps=600)
    x, y = sightings(2000)
    model = nn.Sequential(nn.Linear(30, 128), nn.ReLU(), nn.Dropout(0.2), nn.Linear(128, SPECIES))
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    for step, (traits, species) in enumerate(batches(x, y, steps=args.steps, size=40)):
        optimizer.zero_grad()
        loss = criterion(model(traits), species)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
