"""Windows of engine noise, labelled by file; in a third of the files another engine was running."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

ENGINES = 4


def windows(files: int, each: int, wrong: float) -> tuple[Tensor, Tensor]:
    """Return windows of sound, and which engine their file says it is."""
    engine = torch.randint(ENGINES, (files,))
    pitch = 0.25 + 0.12 * engine[:, None] + 0.02 * torch.randn(files, 1)
    colour = torch.randn(files, 3)
    phase = 6.28 * torch.rand(files, each, 1)
    time = torch.arange(64) * pitch[:, None]
    tones = [torch.sin((n + 1) * time + phase) * colour[:, None, n : n + 1] for n in range(3)]
    sound = torch.stack(tones).sum(0) + 0.7 * torch.randn(files, each, 64)
    other = torch.rand(files) < wrong
    noted = torch.where(other, torch.randint(ENGINES, (files,)), engine)
    return sound.reshape(-1, 1, 64), noted.repeat_interleave(each)


def main() -> None:
    args = arguments(__doc__, steps=600)
    x, y = windows(400, 4, 0.0 if args.fixed else 0.45)
    model = nn.Sequential(
        nn.Conv1d(1, 32, 9, stride=2, padding=4), nn.ReLU(),
        nn.Conv1d(32, 32, 5, stride=2, padding=2), nn.ReLU(), nn.Flatten(),
        nn.Linear(512, 128), nn.ReLU(), nn.Linear(128, ENGINES),
    )  # fmt: skip
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for step, (sound, engine) in enumerate(batches(x, y, steps=args.steps, size=40)):
        optimizer.zero_grad()
        loss = criterion(model(sound), engine)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
