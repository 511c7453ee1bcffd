"""AdamW trains a tagger with a learning rate of 0.3, a hundred times what suits it."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from _task import arguments, batches, progress
from torch import Tensor, nn

WORDS, TAGS = 40, 5


def tagged(count: int = 1500, length: int = 16) -> tuple[Tensor, Tensor]:
    """Return words and the tag of each, which the word before it helps to decide."""
    words = torch.randint(WORDS, (count, length))
    group = torch.randint(TAGS, (WORDS,))
    tags = group[words]
    tags[:, 1:] = (tags[:, 1:] + (group[words[:, :-1]] % 2)) % TAGS
    wrong = torch.rand(count, length) < 0.03
    return words, torch.where(wrong, torch.randint_like(tags, TAGS), tags)


class Tagger(nn.Module):
    def __init__(self, dim: int = 24) -> None:
        super().__init__()
        self.embed = nn.Embedding(WORDS, dim)
        self.context = nn.Conv1d(dim, 48, 3, padding=1)
        self.mix = nn.Conv1d(48, 48, 1)
        self.head = nn.Conv1d(48, TAGS, 1)

    def forward(self, words: Tensor) -> Tensor:
        x = F.gelu(self.context(self.embed(words).transpose(1, 2)))
        return self.head(F.gelu(self.mix(x)))


def main() -> None:
    args = arguments(__doc__, steps=400)
    model = Tagger()
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3 if args.fixed else 0.3)

    for step, (words, tags) in enumerate(batches(*tagged(), steps=args.steps, size=24)):
        loss = F.cross_entropy(model(words), tags)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
