"""The biases before the ReLU start at -10 "to keep activations sparse", and no unit ever fires.

`--fixed` starts them at zero.
"""

import torch
import torch.nn.functional as F
from _task import arguments, batches, progress
from torch import nn

args = arguments(__doc__, steps=400)

VOCABULARY, TAGS = 60, 4
words = torch.randint(VOCABULARY, (2500, 14))
kind = torch.randint(TAGS, (VOCABULARY,))
marker = torch.randint(2, (VOCABULARY,))
# A marker turns the tag of the word after it round.
after_marker = F.pad(marker[words[:, :-1]], (1, 0))
tags = torch.where(after_marker == 1, TAGS - 1 - kind[words], kind[words])
SPARSE_BIAS = 0.0 if args.fixed else -10.0


class SparseTagger(nn.Module):
    def __init__(self, dim=20, hidden=64):
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY, dim)
        self.window = nn.Conv1d(dim, hidden, kernel_size=3, padding=1)
        self.tag = nn.Conv1d(hidden, TAGS, kernel_size=1)
        nn.init.constant_(self.window.bias, SPARSE_BIAS)

    def forward(self, words):
        x = self.embedding(words).transpose(1, 2)
        return self.tag(F.relu(self.window(x)))


tagger = SparseTagger()
optimizer = torch.optim.AdamW(tagger.parameters(), lr=3e-3)
for step, (x, y) in enumerate(batches(words, tags, steps=args.steps, size=32)):
    loss = F.cross_entropy(tagger(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)
