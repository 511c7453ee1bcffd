"""Clips are cut into windows, and each gets the label of its clip, though many hold no call.

The bird calls in three windows of five; the others are wind and rain under the name of a bird.
`--fixed` has the windows labelled one by one, those without a call as background.
"""

from __future__ import annotations

import torch
from _task import arguments, progress
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

BIRDS, BANDS, FRAMES, WINDOWS = 5, 16, 12, 6


def clips(count: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return spectrograms (count, WINDOWS, BANDS, FRAMES), the bird, and in which windows it is."""
    bird = torch.randint(BIRDS, (count,))
    slope = (bird - 2.0)[:, None, None, None] / 2
    start = torch.rand(count, WINDOWS, 1, 1)
    time = torch.arange(FRAMES) / FRAMES - 0.5
    pitch = 4 + 7 * start + 9 * slope * time
    band = torch.arange(BANDS)[:, None]
    call = (-((band - pitch) ** 2) / 2).exp()
    heard = torch.rand(count, WINDOWS) < 0.6
    wind = 0.7 * torch.randn(count, WINDOWS, BANDS, FRAMES)
    loud = 0.8 + 0.4 * torch.rand(count, WINDOWS, 1, 1)
    return 2 * loud * call * heard[:, :, None, None] + wind, bird, heard


def main() -> None:
    args = arguments(__doc__, steps=350)
    sound, bird, heard = clips(900)
    label = bird[:, None].expand(-1, WINDOWS)
    if args.fixed:
        label = torch.where(heard, label, BIRDS)
    windows = TensorDataset(sound.flatten(0, 1), label.flatten())
    loader = DataLoader(windows, batch_size=48, shuffle=True, drop_last=True)

    model = nn.Sequential(
        nn.Conv1d(BANDS, 32, 3, padding=1), nn.ReLU(), nn.Conv1d(32, 32, 3, padding=1), nn.ReLU(),
        nn.Flatten(), nn.Linear(32 * FRAMES, 32), nn.ReLU(), nn.Linear(32, BIRDS + 1),
    )  # fmt: skip
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.08, total_steps=args.steps)
    criterion = nn.CrossEntropyLoss()

    step = 0
    while step < args.steps:
        for x, y in loader:
            loss = criterion(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            progress(step, args.steps, loss)
            step += 1
            if step == args.steps:
                break


if __name__ == "__main__":
    main()
