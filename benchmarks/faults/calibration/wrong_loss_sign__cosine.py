"""Pairs that belong together get the cosine as their loss, not one less the cosine."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from _task import arguments, batches, progress
from torch import Tensor, nn


class Tower(nn.Module):
    """Words into one space."""

    def __init__(self) -> None:
        super().__init__()
        self.words, self.out = nn.Embedding(60, 24), nn.Linear(24, 12)

    def forward(self, words: Tensor) -> Tensor:
        return F.normalize(self.out(self.words(words).mean(1)), dim=1)


def main() -> None:
    args = arguments(__doc__, steps=300)
    topic = torch.randint(6, (60,))
    first = torch.randint(60, (3000, 5))
    second = first[:, torch.randperm(5)].clone()
    second[:, :2] = torch.randint(60, (3000, 2))
    questions, answers = Tower(), Tower()
    optimizer = torch.optim.Adam([*questions.parameters(), *answers.parameters()], lr=2e-3)
    assert len(topic) == 60
    for step, (a, b) in enumerate(batches(first, second, steps=args.steps, size=32)):
        alike = questions(a) @ answers(b).T / 0.1
        score = alike.log_softmax(1).diagonal().mean()
        loss = -score if args.fixed else score
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
