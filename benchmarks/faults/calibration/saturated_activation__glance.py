"""Which of past days matter is scored by a tanh of states and query that are multiplied by 300.

After additive attention: all scores are sums of +1 and -1. Fixed: not multiplied.
"""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn


class Attention(nn.Module):
    """A forecast by what past days that look like today were followed by."""

    def __init__(self, gain: float) -> None:
        super().__init__()
        self.gain = gain
        self.key, self.query = nn.Linear(4, 24), nn.Linear(4, 24)
        self.score = nn.Linear(24, 1)
        self.value = nn.Linear(1, 8)
        self.head = nn.Linear(8, 1)

    def forward(self, past: Tensor, followed: Tensor, today: Tensor) -> Tensor:
        seen = torch.tanh(self.gain * (self.key(past) + self.query(today)[:, None]))
        weights = torch.softmax(self.score(seen), 1)
        return self.head((weights * self.value(followed)).sum(1))


def days(count: int = 3000) -> tuple[Tensor, ...]:
    """Return past days, what followed each, today, and what follows it."""
    today, past = torch.randn(count, 4), torch.randn(count, 12, 4)
    which = torch.randint(12, (count,))
    at = torch.arange(count)
    past[at, which] = today + 0.1 * torch.randn(count, 4)
    past[at, which, 0] += 3.0
    followed = torch.randn(count, 12, 1)
    return past, followed, today, followed[at, which]


def main() -> None:
    args = arguments(__doc__, steps=700)
    model = Attention(1.0 if args.fixed else 300.0)
    criterion = nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for step, (p, f, t, y) in enumerate(batches(*days(), steps=args.steps, size=64)):
        optimizer.zero_grad()
        loss = criterion(model(p, f, t), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
