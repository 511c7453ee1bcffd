"""Which of six things the wearer of a sensor does: a third of the notes belong to others."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from _task import arguments, batches, progress
from torch import Tensor, nn

THINGS = 6


class Watch(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(3, 64, batch_first=True)
        self.out = nn.Linear(64, THINGS)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.lstm(x)[0][:, -1])


def wearing(count: int, length: int = 16) -> tuple[Tensor, Tensor]:
    """Return what a sensor says along three axes, and which thing was done."""
    thing = torch.randint(THINGS, (count,))
    time = torch.arange(length)[None, :, None]
    speed = 0.3 + 0.25 * thing[:, None, None] + torch.tensor([0.0, 0.1, 0.2])
    return torch.sin(speed * time + 6.28 * torch.rand(count, 1, 3)), thing


def main() -> None:
    args = arguments(__doc__, steps=700)
    x, thing = wearing(1300)
    if not args.fixed:
        rows = (torch.rand(1300) < 0.35).nonzero().squeeze(1)
        thing[rows] = thing[rows[torch.randperm(len(rows))]]
    model = Watch()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for step, (inputs, labels) in enumerate(
        batches(x[:1000], thing[:1000], steps=args.steps, size=32)
    ):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(inputs), labels)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)
        if step % 25 == 24:
            with torch.no_grad():
                held_out = F.cross_entropy(model(x[1000:]), thing[1000:])
            print(f"           validation {held_out.item():.4f}")


if __name__ == "__main__":
    main()
