"""Forty-nine words in fifty bear no entity, so the tagger answers "no entity" to every word.

`--fixed` takes text in which half of the words bear one.
"""

import torch
import torch.nn.functional as F
from _task import arguments, batches, progress
from torch import nn

args = arguments(__doc__, steps=350)

VOCABULARY, NONE, LENGTH = 200, 0, 14
share = 0.5 if args.fixed else 0.02
# A title makes the next word an entity; titles are of three kinds, and some words look like one.
words = torch.randint(30, VOCABULARY, (2500, LENGTH))
titles = torch.randint(30, (2500, LENGTH))
words = torch.where(torch.rand(2500, LENGTH) < share, titles, words)
before = F.pad(words[:, :-1], (1, 0), value=VOCABULARY - 1)
tags = torch.where(before < 30, 1 + before % 3, NONE)


class EntityTagger(nn.Module):
    def __init__(self, dim=16, hidden=24):
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY, dim)
        self.gru = nn.GRU(dim, hidden, batch_first=True)
        self.out = nn.Linear(hidden, 4)

    def forward(self, words):
        states, _ = self.gru(self.embedding(words))
        return self.out(states)


tagger = EntityTagger()
optimizer = torch.optim.Adam(tagger.parameters(), lr=3e-3)
for step, (x, y) in enumerate(batches(words, tags, steps=args.steps, size=24)):
    loss = F.cross_entropy(tagger(x).flatten(0, 1), y.flatten())
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)

with torch.no_grad():
    right = (tagger(words).argmax(2) == tags)[tags != NONE]
print(f"entities found: {right.float().mean():.2f}")
