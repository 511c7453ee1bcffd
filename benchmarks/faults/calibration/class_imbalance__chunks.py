"""Convolutions over letters find where a code begins and goes on; elsewhere there is "outside".

Large batches and a loss over all positions, weighted by a mask as many write it.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from _task import arguments, batches, progress
from torch import Tensor, nn

LETTERS, LENGTH, WIDTH = 26, 40, 32
OUTSIDE, BEGIN, INSIDE = 0, 1, 2


class Chunker(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.letters = nn.Embedding(LETTERS + 1, WIDTH, padding_idx=0)
        self.near = nn.Conv1d(WIDTH, 48, 5, padding=2)
        self.far = nn.Conv1d(48, 48, 5, padding=2)
        self.out = nn.Linear(48, 3)

    def forward(self, letters: Tensor) -> Tensor:
        x = torch.relu(self.near(self.letters(letters).transpose(1, 2)))
        return self.out(torch.relu(self.far(x)).transpose(1, 2))


def lines(count: int = 6000) -> tuple[Tensor, Tensor, Tensor]:
    """Return letters, their tags, and a mask: a code is a vowel, two consonants and a digit's z."""
    letters = torch.randint(1, LETTERS + 1, (count, LENGTH))
    tags = torch.full((count, LENGTH), OUTSIDE)
    at, start = torch.arange(count), torch.randint(LENGTH - 4, (count,))
    code = torch.stack([torch.randint(1, 6, (count,)), *torch.randint(6, 27, (2, count))], 1)
    for place in range(3):
        letters[at, start + place] = code[:, place]
        tags[at, start + place] = BEGIN if place == 0 else INSIDE
    letters[at, start + 3] = 26
    mask = torch.arange(LENGTH) < torch.randint(30, LENGTH + 1, (count, 1))
    return letters * mask, tags * mask, mask.float()


def main() -> None:
    args = arguments(__doc__, steps=250)
    model = Chunker()
    weight = torch.tensor([0.1, 4.0, 2.0]) if args.fixed else None
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-4)
    for step, (x, y, mask) in enumerate(batches(*lines(), steps=args.steps, size=64)):
        optimizer.zero_grad()
        each = F.cross_entropy(model(x).transpose(1, 2), y, weight=weight, reduction="none")
        loss = (each * mask).sum() / mask.sum()
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
