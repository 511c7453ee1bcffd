"""Triplets of voices, the odd one last; in three of ten the wrong one of the two was marked odd."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from _task import arguments, batches, progress
from torch import Tensor, nn


class Voices(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv1d(4, 32, 5, padding=2),
            nn.ReLU(),
            nn.MaxPool1d(2),
            nn.Flatten(),
            nn.Linear(32 * 8, 64),
        )

    def forward(self, sound: Tensor) -> Tensor:
        return F.normalize(self.body(sound), dim=1)


def main() -> None:
    args = arguments(__doc__, steps=600)
    people = torch.randn(25, 4, 16)
    who = torch.randint(25, (2000,))
    other = (who + torch.randint(1, 25, (2000,))) % 25
    anchor, like, odd = (people[w] + 0.7 * torch.randn(2000, 4, 16) for w in (who, who, other))
    swapped = torch.rand(2000, 1, 1) < (0.0 if args.fixed else 0.3)
    like, odd = torch.where(swapped, odd, like), torch.where(swapped, like, odd)
    model = Voices()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for step, (a, p, n) in enumerate(batches(anchor, like, odd, steps=args.steps, size=40)):
        optimizer.zero_grad()
        near, far = (model(a) * model(p)).sum(1), (model(a) * model(n)).sum(1)
        loss = F.softplus(8 * (far - near)).mean()
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
