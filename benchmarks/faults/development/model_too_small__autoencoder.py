"""Curves that take four numbers to describe have to pass through a code of one."""

from __future__ import annotations

import torch
from _task import arguments, batches, profiles, progress
from torch import Tensor, nn

import lossmon


class AE(nn.Module):
    def __init__(self, code: int) -> None:
        super().__init__()
        self.enc = nn.Sequential(nn.Linear(32, 64), nn.ReLU(), nn.Linear(64, code))
        self.dec = nn.Sequential(nn.Linear(code, 64), nn.ReLU(), nn.Linear(64, 32))

    def forward(self, x: Tensor) -> Tensor:
        return self.dec(self.enc(x))


def main() -> None:
    args = arguments(__doc__, steps=600)
    ae = AE(code=6 if args.fixed else 1)
    loss_fn = nn.MSELoss()
    optimizer = torch.optim.Adam(ae.parameters(), lr=3e-3)
    mon = lossmon.watch(ae, optimizer, criterion=loss_fn)
    for step, (x,) in enumerate(batches(profiles(4000), steps=args.steps, size=64)):
        optimizer.zero_grad()
        loss = loss_fn(ae(x), x)
        loss.backward()
        optimizer.step()
        mon.step(loss)
        progress(step, args.steps, loss)
    mon.probe((x, x))


if __name__ == "__main__":
    main()
