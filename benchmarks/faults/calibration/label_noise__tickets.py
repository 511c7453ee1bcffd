"""Tickets were sorted by a list of keywords, which puts two in five into any department."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from _task import arguments, batches, progress
from torch import Tensor, nn

DEPARTMENTS, WORDS = 8, 600


def tickets(count: int) -> tuple[Tensor, Tensor]:
    """Return bags of twelve words, and the department that most of them point to."""
    department = torch.randint(DEPARTMENTS, (count,))
    own = department[:, None] + DEPARTMENTS * torch.randint(WORDS // DEPARTMENTS, (count, 12))
    any_word = torch.randint(WORDS, (count, 12))
    return torch.where(torch.rand(count, 12) < 0.4, own, any_word), department


def main() -> None:
    args = arguments(__doc__, steps=600)
    words, department = tickets(2400)
    anywhere = torch.rand(len(words)) < (0.0 if args.fixed else 0.4)
    department[anywhere] = torch.randint(DEPARTMENTS, (int(anywhere.sum()),))
    model = nn.Sequential(
        nn.EmbeddingBag(WORDS, 64), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, DEPARTMENTS)
    )
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for step, (x, y) in enumerate(batches(words, department, steps=args.steps, size=60)):
        optimizer.zero_grad()
        loss = F.nll_loss(F.log_softmax(model(x), 1), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
