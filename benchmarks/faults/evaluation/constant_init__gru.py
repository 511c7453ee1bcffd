"""All weights of a GRU are filled with 0.1, so its forty units always say the same."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress, series
from torch import Tensor, nn


class Recorder(nn.Module):
    def __init__(self, hidden: int = 40) -> None:
        super().__init__()
        self.gru = nn.GRU(2, hidden, batch_first=True)
        self.head = nn.Linear(hidden, 4)

    def forward(self, x: Tensor) -> Tensor:
        _, last = self.gru(x)
        return self.head(last[-1])


def init_weights(module: nn.Module) -> None:
    if isinstance(module, nn.GRU):
        for name, parameter in module.named_parameters():
            parameter.data.fill_(0.1 if "weight" in name else 0.0)


def main() -> None:
    args = arguments(__doc__, steps=400)
    net = Recorder()
    if not args.fixed:
        net.apply(init_weights)
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-2)
    for step, (x, y) in enumerate(batches(*series(), steps=args.steps, size=48)):
        optimizer.zero_grad()
        loss = criterion(net(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
