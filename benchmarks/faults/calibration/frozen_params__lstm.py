"""The condition of a loop that freezes the word vectors matches the recurrent layers as well."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from _task import arguments, batches, progress
from torch import Tensor, nn

WORDS = 40


class Tagger(nn.Module):
    """Tells from a sequence of words whether the first comes again later."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(WORDS, 32)
        self.recurrent = nn.LSTM(32, 64, batch_first=True)
        self.head = nn.Linear(64, 2)

    def forward(self, words: Tensor) -> Tensor:
        return self.head(self.recurrent(self.embedding(words))[0][:, -1])


def sentences(count: int) -> tuple[Tensor, Tensor]:
    """Return sequences, and whether words of the lower half outnumber those of the upper one."""
    words = torch.randint(WORDS, (count, 10))
    order = torch.randperm(WORDS)
    return words, ((order[words] < WORDS // 2).sum(1) > 5).long()


def main() -> None:
    args = arguments(__doc__, steps=400)
    model = Tagger()
    for name, parameter in model.named_parameters():
        frozen = name == "embedding.weight" if args.fixed else "e" in name.split(".")[0][:3]
        parameter.requires_grad_(not frozen)
    for parameter in model.head.parameters():
        parameter.requires_grad_(True)
    optimizer = torch.optim.Adam(filter(lambda p: p.requires_grad, model.parameters()), lr=5e-3)
    for step, (x, y) in enumerate(batches(*sentences(3000), steps=args.steps)):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
