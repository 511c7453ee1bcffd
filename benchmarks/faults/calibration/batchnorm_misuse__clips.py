"""Two clips a batch: what a GRU says is batch-normalised over the frames of both.

The frames of a clip are alike, so that half of what tells the clips apart is taken away.
"""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

FRAMES, KINDS = 20, 5


class Clips(nn.Module):
    """Frames, a GRU, and the mean of its states, normalised before that."""

    def __init__(self) -> None:
        super().__init__()
        self.frames = nn.Sequential(nn.Linear(8, 32), nn.ReLU())
        self.recurrent = nn.GRU(32, 32, batch_first=True)
        self.norm, self.out = nn.BatchNorm1d(32), nn.Linear(32, KINDS)

    def forward(self, x: Tensor) -> Tensor:
        states = self.recurrent(self.frames(x))[0]
        return self.out(torch.relu(self.norm(states.transpose(1, 2))).mean(2))


def main() -> None:
    args = arguments(__doc__, steps=500)
    kind = torch.randint(KINDS, (4000,))
    sounds = torch.randn(KINDS, 8)
    x = 0.7 * sounds[kind][:, None] + torch.randn(4000, FRAMES, 8)
    model, criterion = Clips(), nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    for step, (a, b) in enumerate(batches(x, kind, steps=args.steps, size=32 if args.fixed else 2)):
        optimizer.zero_grad()
        loss = criterion(model(a), b)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
