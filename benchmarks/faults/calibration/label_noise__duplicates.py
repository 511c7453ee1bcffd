"""Whether two questions ask the same, by a transformer: one label in five is wrong."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

WORDS, LENGTH = 50, 8


class Pair(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.words = nn.Embedding(WORDS, 48)
        self.side = nn.Embedding(2, 48)
        layer = nn.TransformerEncoderLayer(48, 4, 96, dropout=0.0, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.out = nn.Linear(48, 1)

    def forward(self, words: Tensor) -> Tensor:
        sides = self.side(torch.arange(2 * LENGTH) // LENGTH)
        return self.out(self.encoder(self.words(words) + sides).mean(1)).squeeze(1)


def questions(count: int) -> tuple[Tensor, Tensor]:
    """Return pairs of questions, and whether both are of one of five topics."""
    topic = torch.randint(5, (count, 2))
    topic[:, 1] = torch.where(torch.rand(count) < 0.4, topic[:, 0], topic[:, 1])
    words = (torch.randint(10, (count, 2, LENGTH)) + 10 * topic[..., None]) % WORDS
    return words.flatten(1), (topic[:, 0] == topic[:, 1]).float()


def main() -> None:
    args = arguments(__doc__, steps=600)
    words, same = questions(2000)
    wrong = torch.rand(len(same)) < (0.0 if args.fixed else 0.2)
    same = torch.where(wrong, 1 - same, same)
    model, criterion = Pair(), nn.BCEWithLogitsLoss()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    for step, (x, y) in enumerate(batches(words, same, steps=args.steps, size=32)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
