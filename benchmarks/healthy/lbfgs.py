"""L-BFGS: each step calls a closure that runs backward() several times."""

from __future__ import annotations

import torch
from _task import arguments, blobs, progress
from torch import Tensor, nn


def main() -> None:
    args = arguments(__doc__, steps=40)
    x, y = blobs(2000, spread=2.0)
    model = nn.Sequential(nn.Linear(20, 16), nn.Tanh(), nn.Linear(16, 5))
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.LBFGS(model.parameters(), max_iter=4, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        return loss

    for step in range(args.steps):
        progress(step, args.steps, optimizer.step(closure))


if __name__ == "__main__":
    main()
