"""Sixteen blocks of attention whose normalisation was left out: each enlarges what it is given."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from _task import arguments, batches, progress
from torch import Tensor, nn

WORDS, LENGTH, WIDTH = 20, 12, 32


class Block(nn.Module):
    """Attention and two layers, added to their input; fixed: of what is normalised."""

    def __init__(self, normalised: bool) -> None:
        super().__init__()
        self.first, self.second = (
            nn.LayerNorm(WIDTH) if normalised else nn.Identity() for _ in range(2)
        )
        self.mix = nn.Linear(WIDTH, 3 * WIDTH)
        self.wide, self.narrow = nn.Linear(WIDTH, 2 * WIDTH), nn.Linear(2 * WIDTH, WIDTH)
        for layer in (self.wide, self.narrow):
            nn.init.kaiming_normal_(layer.weight)

    def forward(self, x: Tensor) -> Tensor:
        query, key, value = self.mix(self.first(x)).chunk(3, -1)
        x = x + F.scaled_dot_product_attention(query, key, value)
        return x + self.narrow(F.gelu(self.wide(self.second(x))))


class Reader(nn.Module):
    def __init__(self, normalised: bool, depth: int = 16) -> None:
        super().__init__()
        self.words, self.where = nn.Embedding(WORDS, WIDTH), nn.Embedding(LENGTH, WIDTH)
        self.blocks = nn.Sequential(*(Block(normalised) for _ in range(depth)))
        self.last = nn.LayerNorm(WIDTH) if normalised else nn.Identity()
        self.head = nn.Linear(WIDTH, 4)

    def forward(self, words: Tensor) -> Tensor:
        x = self.blocks(self.words(words) + self.where.weight)
        return self.head(self.last(x).mean(1))


def sentences(count: int = 3000) -> tuple[Tensor, Tensor]:
    """Return sentences, and by which of four sets of words each is ruled."""
    words = torch.randint(WORDS, (count, LENGTH))
    return words, torch.randn(WORDS, 4)[words].sum(1).argmax(1)


def main() -> None:
    args = arguments(__doc__, steps=250)
    model = Reader(args.fixed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-4)
    for step, (words, ruled) in enumerate(batches(*sentences(), steps=args.steps)):
        loss = F.cross_entropy(model(words), ruled)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
