"""A small language model is held in bfloat16 whole, at the learning rate of a float32 one."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from _task import arguments, batches, progress
from torch import Tensor, nn

LETTERS = 16


class Model(nn.Module):
    """Predicts the next letter."""

    def __init__(self) -> None:
        super().__init__()
        self.letters, self.places = nn.Embedding(LETTERS, 32), nn.Embedding(16, 32)
        self.layer = nn.TransformerEncoderLayer(32, 2, 64, dropout=0.0, batch_first=True)
        self.head = nn.Linear(32, LETTERS)

    def forward(self, letters: Tensor) -> Tensor:
        length = letters.shape[1]
        mask = nn.Transformer.generate_square_subsequent_mask(length).to(self.head.weight.dtype)
        x = self.letters(letters) + self.places(torch.arange(length))
        return self.head(self.layer(x, mask))


def text(count: int) -> Tensor:
    """Return sequences in which every letter follows from the last by a random table, mostly."""
    table = torch.randperm(LETTERS)
    rows = [torch.randint(LETTERS, (count,))]
    for _ in range(15):
        noise = torch.rand(count) < 0.1
        rows.append(torch.where(noise, torch.randint(LETTERS, (count,)), table[rows[-1]]))
    return torch.stack(rows, 1)


def main() -> None:
    args = arguments(__doc__, steps=400)
    model = Model() if args.fixed else Model().to(torch.bfloat16)
    optimizer = torch.optim.SGD(model.parameters(), lr=2e-3, momentum=0.9)
    for step, (x,) in enumerate(batches(text(1000), steps=args.steps)):
        optimizer.zero_grad()
        scores = model(x[:, :-1]).float()
        loss = F.cross_entropy(scores.flatten(0, 1), x[:, 1:].flatten())
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
