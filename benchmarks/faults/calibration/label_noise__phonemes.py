"""Phonemes of a recording, frame by frame, by an aligner that is wrong for three in ten of them."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

FRAMES, PHONEMES = 20, 8


class Aligner(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(10, 64, batch_first=True, bidirectional=True)
        self.out = nn.Linear(128, PHONEMES)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.lstm(x)[0])


def speech(count: int) -> tuple[Tensor, Tensor]:
    """Return frames that hold of the one before as well, and their phonemes."""
    sounds = torch.randn(PHONEMES, 10)
    spoken = torch.randint(PHONEMES, (count, FRAMES))
    frames = sounds[spoken]
    frames[:, 1:] = frames[:, 1:] + 0.7 * sounds[spoken[:, :-1]]
    return frames + 0.3 * torch.randn(count, FRAMES, 10), spoken


def main() -> None:
    args = arguments(__doc__, steps=500)
    frames, spoken = speech(400)
    wrong = torch.rand(spoken.shape) < (0.0 if args.fixed else 0.3)
    spoken = torch.where(wrong, torch.randint(PHONEMES, spoken.shape), spoken)
    model, criterion = Aligner(), nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for step, (x, y) in enumerate(batches(frames, spoken, steps=args.steps, size=16)):
        optimizer.zero_grad()
        loss = criterion(model(x).flatten(0, 1), y.flatten())
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
