"""Every weight of the tagger is drawn with standard deviation 1, so its first logits are huge.

`nn.init.normal_(p)` was taken for a sensible default; `--fixed` leaves the layers as made.
"""

import torch
import torch.nn.functional as F
from _task import arguments, batches, progress
from torch import nn

args = arguments(__doc__, steps=400)

VOCABULARY, TAGS, LENGTH = 80, 5, 16
kind = torch.randint(TAGS, (VOCABULARY,))
words = torch.randint(VOCABULARY, (2500, LENGTH))
# A word takes the tag of its kind, moved on by one after a word of kind 0.
before = torch.cat([torch.full((2500, 1), -1), kind[words[:, :-1]]], dim=1)
tags = (kind[words] + (before == 0).long()) % TAGS


class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY, 24)
        self.first = nn.Conv1d(24, 48, 3, padding=1)
        self.second = nn.Conv1d(48, 48, 3, padding=1)
        self.tag = nn.Linear(48, TAGS)

    def forward(self, words):
        h = self.embedding(words).transpose(1, 2)
        h = F.relu(self.first(h))
        h = F.relu(self.second(h))
        return self.tag(h.transpose(1, 2))


tagger = Tagger()
if not args.fixed:
    for parameter in tagger.parameters():
        nn.init.normal_(parameter)

optimizer = torch.optim.Adam(tagger.parameters(), lr=2e-3)
for step, (x, y) in enumerate(batches(words, tags, steps=args.steps, size=32)):
    logits = tagger(x)
    loss = F.cross_entropy(logits.reshape(-1, TAGS), y.reshape(-1))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)
