"""Batch normalisation over micro-batches of two words: every unit becomes plus or minus one.

Gradients are accumulated because of memory, but the statistics are those of two rows; `--fixed`
normalises each row by itself.
"""

import torch
import torch.nn.functional as F
from _task import arguments, progress
from torch import nn

args = arguments(__doc__, steps=250)

VOCABULARY, TAGS, REACH, MICRO, ACCUMULATE = 50, 6, 1, 2, 16
words = torch.randint(VOCABULARY, (400, 20))
kind = torch.randint(3, (VOCABULARY,))
noun = torch.randint(2, (VOCABULARY,))
# The tag of a word: what kind it is, and whether a noun stands before it.
windows = words.unfold(1, 2 * REACH + 1, 1).reshape(-1, 2 * REACH + 1)
tags = kind[windows[:, REACH]] * 2 + noun[windows[:, REACH - 1]]


class WindowTagger(nn.Module):
    def __init__(self, dim=12, hidden=48):
        super().__init__()
        norm = nn.LayerNorm if args.fixed else nn.BatchNorm1d
        self.embed = nn.Embedding(VOCABULARY, dim)
        self.fc1 = nn.Linear(dim * (2 * REACH + 1), hidden)
        self.norm1 = norm(hidden)
        self.fc2 = nn.Linear(hidden, hidden)
        self.norm2 = norm(hidden)
        self.out = nn.Linear(hidden, TAGS)

    def forward(self, window):
        x = self.embed(window).flatten(1)
        x = F.relu(self.norm1(self.fc1(x)))
        x = F.relu(self.norm2(self.fc2(x)))
        return self.out(x)


model = WindowTagger()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)

for step in range(args.steps):
    optimizer.zero_grad()
    total = 0.0
    for _ in range(ACCUMULATE):
        rows = torch.randint(len(windows), (MICRO,))
        loss = F.cross_entropy(model(windows[rows]), tags[rows]) / ACCUMULATE
        loss.backward()
        total = total + loss.detach()
    optimizer.step()
    progress(step, args.steps, total)
