"""The root of the width multiplies the positions, not the words: positions pin the tanh units."""

from __future__ import annotations

import math

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

VOCABULARY, TAGS, WIDTH, HIDDEN = 40, 5, 96, 64


def tagged(count: int = 2000, length: int = 14) -> tuple[Tensor, Tensor]:
    """Return sentences, (count, length), and a tag of each word, by it and the word before."""
    words = torch.randint(VOCABULARY, (count, length))
    kind = torch.randint(TAGS, (VOCABULARY,))
    shifts = torch.rand(VOCABULARY) < 0.3
    tags = kind[words]
    tags[:, 1:] = (tags[:, 1:] + shifts[words[:, :-1]]) % TAGS
    slips = torch.rand(count, length) < 0.03
    return words, torch.where(slips, torch.randint(TAGS, (count, length)), tags)


def sinusoids(length: int) -> Tensor:
    """Return the position codes of "Attention is all you need", (length, WIDTH)."""
    rate = torch.exp(-math.log(10000.0) * torch.arange(0, WIDTH, 2) / WIDTH)
    angle = torch.arange(length)[:, None] * rate
    return torch.cat((angle.sin(), angle.cos()), 1)


class Tagger(nn.Module):
    def __init__(self, *, scale_words: bool) -> None:
        super().__init__()
        self.embed = nn.Embedding(VOCABULARY, WIDTH)
        self.hidden = nn.Linear(2 * WIDTH, HIDDEN)
        self.tanh = nn.Tanh()
        self.tag = nn.Linear(HIDDEN, TAGS)
        self.scale_words = scale_words
        nn.init.normal_(self.embed.weight, std=WIDTH**-0.5)
        nn.init.xavier_normal_(self.hidden.weight, gain=nn.init.calculate_gain("tanh"))

    def forward(self, words: Tensor) -> Tensor:
        x, places = self.embed(words), sinusoids(words.shape[1])
        root = math.sqrt(WIDTH)
        x = root * x + places if self.scale_words else x + root * places
        previous = nn.functional.pad(x, (0, 0, 1, 0))[:, :-1]
        return self.tag(self.tanh(self.hidden(torch.cat((previous, x), 2))))


args = arguments(__doc__, steps=400)
words, tags = tagged()
model = Tagger(scale_words=args.fixed)
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
for step, (x, y) in enumerate(batches(words, tags, steps=args.steps, size=24)):
    loss = nn.functional.cross_entropy(model(x).flatten(0, 1), y.flatten())
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)
