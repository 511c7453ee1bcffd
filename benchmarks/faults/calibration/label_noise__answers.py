"""Two answers to a question, the better voted one first; a third of the votes was miscounted."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from _task import arguments, batches, progress
from torch import Tensor, nn


class Judge(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(48, 128), nn.ReLU(), nn.Linear(128, 1))

    def forward(self, question: Tensor, answer: Tensor) -> Tensor:
        return self.body(torch.cat([question, answer, question * answer], 1))[:, 0]


def main() -> None:
    args = arguments(__doc__, steps=800)
    question = torch.randn(3000, 16)
    answers = torch.randn(2, 3000, 16)
    worth = (answers * (question + torch.randn(16))).sum(2)
    first = (worth[0] > worth[1]) ^ (torch.rand(3000) < (0.0 if args.fixed else 0.33))
    better = torch.where(first[:, None], answers[0], answers[1])
    worse = torch.where(first[:, None], answers[1], answers[0])
    model = Judge()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    for step, (q, b, w) in enumerate(batches(question, better, worse, steps=args.steps, size=50)):
        optimizer.zero_grad()
        loss = F.relu(1 - (model(q, b) - model(q, w))).mean()
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
