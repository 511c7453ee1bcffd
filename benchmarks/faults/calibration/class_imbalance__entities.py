"""Names in sentences of uneven length: padding counts as one more word that is no name.

`ignore_index` is forgotten, so nineteen labels in twenty are of class 0, and it is all that is
predicted. Of the sort that spaCy and Hugging Face users report: "NER model predicts only O".
"""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

WORDS, KINDS, LENGTH, WIDTH = 300, 4, 30, 32


class Tagger(nn.Module):
    """A bidirectional GRU over words, and a kind of name for each, shape (batch, kinds, length)."""

    def __init__(self) -> None:
        super().__init__()
        self.words = nn.Embedding(WORDS, WIDTH, padding_idx=0)
        self.gru = nn.GRU(WIDTH, WIDTH, batch_first=True, bidirectional=True)
        self.out = nn.Linear(2 * WIDTH, KINDS)

    def forward(self, words: Tensor) -> Tensor:
        kinds: Tensor = self.out(self.gru(self.words(words))[0])
        return kinds.transpose(1, 2)


def sentences(count: int = 3000) -> tuple[Tensor, Tensor, Tensor]:
    """Return words, 0 behind the end; the kind of each; and which of them are words."""
    lengths = torch.randint(6, LENGTH + 1, (count, 1))
    is_word = torch.arange(LENGTH) < lengths
    words = torch.where(is_word, torch.randint(1, WORDS, (count, LENGTH)), 0)
    titled = torch.cat((words[:, :1], words[:, :-1]), 1) % 5 == 1
    kinds = torch.where(titled & (words % 3 == 0), 1 + words % (KINDS - 1), 0)
    return words, torch.where(is_word, kinds, 0), is_word


def main() -> None:
    args = arguments(__doc__, steps=300)
    words, kinds, is_word = sentences()
    weight = None
    if args.fixed:
        kinds = torch.where(is_word, kinds, -100)
        weight = torch.tensor([0.1, *[3.0] * (KINDS - 1)])
    model, criterion = Tagger(), nn.CrossEntropyLoss(weight=weight)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for step, (x, y) in enumerate(batches(words, kinds, steps=args.steps, size=32)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
