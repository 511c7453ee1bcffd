"""A vanilla RNN whose own weights start at a deviation of 1, of 48 states: its tanh is pinned.

Somebody took the default of nn.init.normal_. Fixed: an orthogonal start.
"""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

UNITS = 48


class Forecast(nn.Module):
    """The next value of a damped, driven swing, by the last state of a cell of bare weights."""

    def __init__(self, *, fixed: bool) -> None:
        super().__init__()
        self.w, self.u = (
            nn.Parameter(torch.randn(2, UNITS)),
            nn.Parameter(torch.randn(UNITS, UNITS)),
        )
        self.b = nn.Parameter(torch.zeros(UNITS))
        if fixed:
            nn.init.normal_(self.w, std=0.3)
            nn.init.orthogonal_(self.u, gain=0.9)
        else:
            nn.init.normal_(self.w)
            nn.init.normal_(self.u)
        self.head = nn.Linear(UNITS, 1)

    def forward(self, x: Tensor) -> Tensor:
        state = x.new_zeros(len(x), UNITS)
        for now in x.unbind(1):
            state = torch.tanh(now @ self.w + state @ self.u + self.b)
        return self.head(state)


def swings(count: int = 2500) -> tuple[Tensor, Tensor]:
    """Return what drives it and what is seen, (count, 16, 2), and where it is next."""
    push, place, speed = torch.randn(count, 17), torch.randn(count), torch.randn(count)
    seen = []
    for t in range(17):
        speed = 0.95 * speed - 0.3 * place + 0.3 * push[:, t]
        place = place + 0.5 * speed
        seen.append(place)
    places = torch.stack(seen, 1)
    places = places / places.std()
    x = torch.stack((push[:, :-1], places[:, :-1] + 0.05 * torch.randn(count, 16)), 2)
    return x, places[:, -1:]


def main() -> None:
    args = arguments(__doc__, steps=500)
    model = Forecast(fixed=args.fixed)
    criterion = nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    for step, (x, y) in enumerate(batches(*swings(), steps=args.steps)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
