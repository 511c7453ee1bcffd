"""A tagger of padded sentences: most words have no tag, padding is ignored, names are learnt."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

WORDS, LENGTH, WIDTH, KINDS, IGNORED = 200, 20, 32, 4, -100


class Tagger(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.words = nn.Embedding(WORDS, WIDTH, padding_idx=0)
        self.gru = nn.GRU(WIDTH, WIDTH, batch_first=True, bidirectional=True)
        self.out = nn.Linear(2 * WIDTH, KINDS)

    def forward(self, words: Tensor) -> Tensor:
        return self.out(self.gru(self.words(words))[0])


def sentences(count: int = 2500) -> tuple[Tensor, Tensor]:
    """Return words and their kinds: a word of the first tenth is a name behind one of a half."""
    is_word = torch.arange(LENGTH) < torch.randint(8, LENGTH + 1, (count, 1))
    words = torch.where(is_word, torch.randint(1, WORDS, (count, LENGTH)), 0)
    before = torch.cat((words[:, :1], words[:, :-1]), 1)
    kinds = torch.where((words < 20) & (before % 2 == 0), 1 + words % (KINDS - 1), 0)
    return words, torch.where(is_word, kinds, IGNORED)


def main() -> None:
    args = arguments(__doc__, steps=400)
    model, criterion = Tagger(), nn.CrossEntropyLoss(ignore_index=IGNORED)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for step, (x, y) in enumerate(batches(*sentences(), steps=args.steps, size=32)):
        optimizer.zero_grad()
        loss = criterion(model(x).flatten(0, 1), y.flatten())
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
