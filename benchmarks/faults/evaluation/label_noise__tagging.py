"""The tags of two files in five are one word late: their reader took the header for a word.

The first tag is then that of no word, and each word has the tag of the one before. Labels that
slip against the tokens are reported for many taggers, such as lonePatient/BERT-NER-Pytorch#65.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from _task import arguments, batches, progress
from torch import Tensor, nn

VOCABULARY, TAGS, FILES = 80, 5, 20


def corpus(sentences: int, length: int = 14) -> tuple[Tensor, Tensor]:
    """Return words and their tags, (sentences, length); a word may have two, by its neighbour."""
    words = torch.randint(VOCABULARY, (sentences, length))
    usual, other = torch.randint(TAGS, (2, VOCABULARY)).unbind(0)
    verb = torch.rand(VOCABULARY) < 0.4
    after_verb = F.pad(verb[words[:, :-1]], (1, 0))
    return words, torch.where(after_verb, other[words], usual[words])


class Tagger(nn.Module):
    def __init__(self, width: int = 24) -> None:
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY, width)
        self.gru = nn.GRU(width, width, batch_first=True, bidirectional=True)
        self.tag = nn.Linear(2 * width, TAGS)

    def forward(self, words: Tensor) -> Tensor:
        states, _ = self.gru(self.embedding(words))
        return self.tag(states)


def main() -> None:
    args = arguments(__doc__, steps=400)
    words, tags = corpus(4000)
    late = torch.arange(len(tags)) % FILES < 8
    if not args.fixed:
        tags[late] = F.pad(tags[late, :-1], (1, 0))

    tagger = Tagger()
    optimizer = torch.optim.Adam(tagger.parameters(), lr=4e-3)
    for step, (x, y) in enumerate(batches(words, tags, steps=args.steps, size=20)):
        loss = F.cross_entropy(tagger(x).flatten(0, 1), y.flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
