"""What became of a visit was joined by a number that is used again: four in ten are another's."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

OUTCOMES, EVENTS, LENGTH = 6, 30, 25


class Outcome(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.kind = nn.Embedding(EVENTS, 8)
        self.recurrent = nn.GRU(9, 8, batch_first=True)
        self.out = nn.Linear(8, OUTCOMES)

    def forward(self, event: Tensor, wait: Tensor) -> Tensor:
        read = torch.cat((self.kind(event), wait[..., None]), 2)
        return self.out(self.recurrent(read)[0][:, -1])


def visits(count: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return events of each visit, how long each took, and what became of it."""
    outcome = torch.randint(OUTCOMES, (count,))
    shares = torch.softmax(1.5 * torch.randn(OUTCOMES, EVENTS), 1)
    event = torch.multinomial(shares[outcome], LENGTH, replacement=True)
    wait = torch.randn(count, LENGTH).exp().clamp(max=4) - 1.6
    return event, wait, outcome


def main() -> None:
    args = arguments(__doc__, steps=700)
    event, wait, outcome = visits(6000)
    other = torch.rand(len(outcome)) < (0.0 if args.fixed else 0.4)
    outcome[other] = outcome[other].roll(1)
    model, criterion = Outcome(), nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for step, (*inputs, target) in enumerate(
        batches(event, wait, outcome, steps=args.steps, size=200)
    ):
        optimizer.zero_grad()
        loss = criterion(model(*inputs), target)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
