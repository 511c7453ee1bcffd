"""Jobs that were applied for and ones that were drawn are scored in two forwards, each normalised.

Behind batch norm comes the last layer, so that both have the same score on average, its bias.
"""

from __future__ import annotations

import torch
from _task import arguments, progress
from torch import Tensor, nn

PEOPLE, JOBS, SIZE = 150, 180, 64


class Scores(nn.Module):
    """A person and a job through three layers, the second one normalised."""

    def __init__(self) -> None:
        super().__init__()
        self.person, self.job = nn.Embedding(PEOPLE, 16), nn.Embedding(JOBS, 16)
        self.first, self.second, self.out = nn.Linear(48, 64), nn.Linear(64, 32), nn.Linear(32, 1)
        self.norm = nn.BatchNorm1d(32)

    def forward(self, person: Tensor, job: Tensor) -> Tensor:
        a, b = self.person(person), self.job(job)
        x = torch.relu(self.first(torch.cat((a, b, a * b), 1)))
        return self.out(self.norm(self.second(x)))[:, 0]


def main() -> None:
    args = arguments(__doc__, steps=500)
    popular = torch.softmax(1.7 * torch.randn(JOBS), 0)
    model, criterion = Scores(), nn.BCEWithLogitsLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for step in range(args.steps):
        person = torch.randint(PEOPLE, (SIZE,))
        taken = torch.multinomial(popular, SIZE, replacement=True)
        drawn = torch.randint(JOBS, (SIZE,))
        if args.fixed:
            good, bad = model(person.repeat(2), torch.cat((taken, drawn))).chunk(2)
        else:
            good, bad = model(person, taken), model(person, drawn)
        loss = criterion(good, torch.ones(SIZE)) + criterion(bad, torch.zeros(SIZE))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
