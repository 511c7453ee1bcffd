"""Pairs of recordings, of one speaker or of two: a third of them were assigned by a coin."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from _task import arguments, batches, progress
from torch import Tensor, nn


class Speakers(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.listen = nn.GRU(8, 48, batch_first=True)
        self.head = nn.Sequential(nn.Linear(96, 64), nn.ReLU(), nn.Dropout(0.1), nn.Linear(64, 2))

    def forward(self, one: Tensor, two: Tensor) -> Tensor:
        a, b = (self.listen(x)[0].mean(1) for x in (one, two))
        return self.head(torch.cat(((a - b).square(), a * b), 1))


def main() -> None:
    args = arguments(__doc__, steps=500)
    voices = 0.8 * torch.randn(24, 1, 8)
    first, second = torch.randint(24, (2, 2500))
    second = torch.where(torch.rand(2500) < 0.5, first, second)
    one, two = (voices[i] + torch.randn(2500, 12, 8) for i in (first, second))
    same = (first == second).long()
    if not args.fixed:
        guessed = torch.rand(len(same)) < 0.6
        same = torch.where(guessed, torch.randint(2, same.shape), same)
    model = Speakers()
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for step, (a, b, s) in enumerate(batches(one, two, same, steps=args.steps, size=64)):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(a, b), s)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
