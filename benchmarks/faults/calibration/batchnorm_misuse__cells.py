"""One BatchNorm for all steps of a recurrent cell: what runs along is of no step, and eval is off.

Why each step needs statistics of its own: Cooijmans et al. 2017, section 3.
"""

from __future__ import annotations

import torch
from _task import arguments, progress
from torch import Tensor, nn

STEPS = 16


class Cells(nn.Module):
    """A cell whose inputs and state are normalised at every step."""

    def __init__(self, *, norm: bool) -> None:
        super().__init__()
        self.cell, self.out = nn.GRUCell(2, 48), nn.Linear(48, 1)
        self.norm = nn.BatchNorm1d(48) if norm else nn.LayerNorm(48)

    def forward(self, x: Tensor) -> Tensor:
        state = x.new_zeros(len(x), 48)
        for now in x.unbind(1):
            state = self.norm(self.cell(now, state))
        return self.out(state).squeeze(1)


def growth(count: int) -> tuple[Tensor, Tensor]:
    """Return heights and rates that grow over time, (count, steps, 2), and the sum of rates."""
    rate = torch.rand(count, STEPS) * torch.linspace(0.1, 2.0, STEPS)
    total = rate.cumsum(1)
    return torch.stack((rate, total + 0.1 * torch.randn(count, STEPS)), 2), total[:, -1] - 16


def main() -> None:
    args = arguments(__doc__, steps=300)
    model, criterion = Cells(norm=not args.fixed), nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    x_val, y_val = growth(256)
    for step in range(args.steps):
        model.train()
        x, y = growth(32)
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)
        if step % 20 == 19:
            model.eval()
            with torch.no_grad():
                val_loss = criterion(model(x_val), y_val)
            print(f"val_loss {val_loss.item():.4f}")


if __name__ == "__main__":
    main()
