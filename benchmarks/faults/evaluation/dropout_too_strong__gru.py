"""Dropout of 0.95 before and after the GRU: 0.95 was meant as the share to keep.

`--fixed` drops 0.05.
"""

import torch
import torch.nn.functional as F
from _task import arguments, batches, progress, sentences
from torch import nn

args = arguments(__doc__, steps=450)
words, positive = sentences(3000, vocabulary=40)

KEEP = 0.95
drop = 1 - KEEP if args.fixed else KEEP


class Sentiment(nn.Module):
    def __init__(self, vocabulary=40, dim=24, hidden=24):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, dim)
        self.dropout = nn.Dropout(drop)
        self.gru = nn.GRU(dim, hidden, batch_first=True)
        self.classifier = nn.Linear(hidden, 2)

    def forward(self, words):
        x = self.dropout(self.embedding(words))
        out, _ = self.gru(x)
        return self.classifier(self.dropout(out.mean(dim=1)))


model = Sentiment()
optimizer = torch.optim.Adam(model.parameters(), lr=4e-3)

for step, (x, y) in enumerate(batches(words, positive, steps=args.steps, size=50)):
    loss = F.cross_entropy(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)
