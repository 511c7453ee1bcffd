"""One hour of a road network a step: batch norm over its sensors hides how busy the hour is."""

from __future__ import annotations

import torch
from _task import arguments, progress
from torch import Tensor, nn

SENSORS, PAST, WIDTH = 40, 6, 32


class Roads(nn.Module):
    """Two graph convolutions over a fixed map, for as many hours as there are in a batch."""

    def __init__(self) -> None:
        super().__init__()
        near = torch.eye(SENSORS) + (torch.rand(SENSORS, SENSORS) < 0.08).float()
        self.register_buffer("near", near / near.sum(1, keepdim=True))
        self.first, self.second = nn.Linear(2 * PAST, WIDTH), nn.Linear(2 * WIDTH, WIDTH)
        self.norm_1, self.norm_2 = nn.BatchNorm1d(WIDTH), nn.BatchNorm1d(WIDTH)
        self.out = nn.Linear(WIDTH, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(torch.cat((x, self.near @ x), 2))
        x = torch.relu(self.norm_1(x.flatten(0, 1)).view_as(x))
        x = self.second(torch.cat((x, self.near @ x), 2))
        x = torch.relu(self.norm_2(x.flatten(0, 1)).view_as(x))
        return self.out(x).squeeze(2)


def hours(count: int, usual: Tensor) -> tuple[Tensor, Tensor]:
    """Return the last flows at each sensor, (count, sensors, past), and the next ones."""
    busy = torch.randn(count, 1, 1)
    drift = 0.3 * torch.randn(count, SENSORS, 1)
    time = torch.arange(PAST + 1.0) / PAST
    flow = usual[:, None] + busy + drift * time + 0.2 * torch.randn(count, SENSORS, PAST + 1)
    return flow[..., :PAST], flow[..., PAST]


def main() -> None:
    args = arguments(__doc__, steps=600)
    usual = torch.randn(SENSORS)
    model = Roads()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for step in range(args.steps):
        x, y = hours(16 if args.fixed else 1, usual)
        optimizer.zero_grad()
        loss = (model(x) - y).pow(2).mean()
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
