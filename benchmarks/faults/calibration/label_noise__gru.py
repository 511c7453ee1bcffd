"""Activities were labelled from a clock that was off: half of the windows have any other label."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

ACTIVITIES, CHANNELS, LENGTH = 6, 3, 24


class Recogniser(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.gru = nn.GRU(CHANNELS, 48, num_layers=2, batch_first=True)
        self.out = nn.Linear(48, ACTIVITIES)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.gru(x)[0].amax(1))


def windows(count: int) -> tuple[Tensor, Tensor]:
    """Return movements of three axes, and which of six activities they are."""
    activity = torch.randint(ACTIVITIES, (count,))
    time = torch.arange(LENGTH) + 10 * torch.rand(count, 1)
    beat = torch.sin((0.3 + 0.2 * (activity % 3)[:, None]) * time)
    heavy = 1.0 + (activity // 3)[:, None]
    axes = torch.stack((beat, heavy * beat.roll(3, 1), heavy * torch.ones_like(beat)), 2)
    return axes + 0.2 * torch.randn(count, LENGTH, CHANNELS), activity


def main() -> None:
    args = arguments(__doc__, steps=600)
    x, activity = windows(4000)
    off = torch.rand(len(activity)) < (0.0 if args.fixed else 0.5)
    activity[off] = torch.randint(ACTIVITIES, (int(off.sum()),))
    model, criterion = Recogniser(), nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for step, (inputs, labels) in enumerate(batches(x, activity, steps=args.steps, size=50)):
        optimizer.zero_grad()
        loss = criterion(model(inputs), labels)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
