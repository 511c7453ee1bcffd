"""Word2vec's linear decay, down to a thousandth, counts the words of one pass where it makes ten.

Its original takes them of all passes: alpha = max(1e-4, 1 - seen / (passes * words)) of the first.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from _task import arguments, batches, progress
from torch import Tensor, nn

WORDS, DIM, NEGATIVES = 240, 24, 5


class SkipGram(nn.Module):
    """Words and their neighbours, told from words drawn at random."""

    def __init__(self) -> None:
        super().__init__()
        self.words, self.near = nn.Embedding(WORDS, DIM), nn.Embedding(WORDS, DIM)
        nn.init.uniform_(self.words.weight, -0.5, 0.5)
        nn.init.uniform_(self.near.weight, -0.1, 0.1)

    def forward(self, word: Tensor, near: Tensor) -> Tensor:
        other = torch.randint(WORDS, (len(word), NEGATIVES))
        centre = self.words(word)
        true = (centre * self.near(near)).sum(1)
        false = torch.bmm(self.near(other), centre[:, :, None]).squeeze(2)
        return -F.logsigmoid(true).mean() - F.logsigmoid(-false).sum(1).mean()


def pairs(count: int = 12800) -> tuple[Tensor, Tensor]:
    """Return words of twelve themes, and a neighbour of each: three in four are of its theme."""
    word = torch.randint(WORDS, (count,))
    same = word % 12 + 12 * torch.randint(WORDS // 12, (count,))
    return word, torch.where(torch.rand(count) < 0.75, same, torch.randint(WORDS, (count,)))


def main() -> None:
    args = arguments(__doc__, steps=1000)
    model = SkipGram()
    optimizer = torch.optim.SGD(model.parameters(), lr=20.0)
    length = args.steps if args.fixed else args.steps // 10
    for step, (word, near) in enumerate(batches(*pairs(), steps=args.steps, size=128)):
        for group in optimizer.param_groups:
            group["lr"] = 20.0 * max(1e-3, 1 - step / length)
        loss = model(word, near)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
