"""A bias meant for the forget gate of an LSTM is written to all of its gates, ten times too large.

After Jozefowicz et al. 2015, who start the forget gate alone at 1. Fixed: as they do.
"""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

MACHINES = 4


class Listener(nn.Module):
    """Which machine makes a sound, by the last state of an LSTM."""

    def __init__(self) -> None:
        super().__init__()
        self.rnn = nn.LSTM(3, 32, batch_first=True)
        self.head = nn.Sequential(nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, MACHINES))

    def forward(self, x: Tensor) -> Tensor:
        states, _ = self.rnn(x)
        return self.head(states[:, -1])


def sounds(count: int = 2000) -> tuple[Tensor, Tensor]:
    """Return waves of three microphones, (count, 24, 3), and which machine made each."""
    machine = torch.randint(MACHINES, (count,))
    speed = 0.3 + 0.25 * machine[:, None, None]
    wave = speed * torch.arange(24.0)[:, None] + torch.tensor([0.0, 0.7, 1.4])
    wave = torch.sin(wave + 6.3 * torch.rand(count, 1, 1))
    return wave + 0.3 * torch.randn(count, 24, 3), machine


def main() -> None:
    args = arguments(__doc__, steps=400)
    model = Listener()
    for name, values in model.rnn.named_parameters():
        if "bias_ih" in name:
            gate = values.data[32:64] if args.fixed else values.data
            gate.fill_(1.0 if args.fixed else 10.0)
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for step, (x, y) in enumerate(batches(*sounds(), steps=args.steps)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
