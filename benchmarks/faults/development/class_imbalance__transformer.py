"""Nearly every token has the tag "O", and the tagger learns to say "O" always.

A tagger that predicted the majority only: https://github.com/NormXU/ERNIE-Layout-Pytorch/issues/24.
"""

import torch
from _task import arguments, batches, progress, sentences
from torch import nn

args = arguments(__doc__, steps=300)
TAGS = 3  # O, positive, negative


def tag(tokens):
    """Return the tag of each token: only a rare word after a rare word is tagged."""
    rare = tokens >= 54
    after = torch.zeros_like(rare)
    after[:, 1:] = rare[:, :-1]
    return torch.where(rare & after, 1 + tokens % 2, 0)


class Tagger(nn.Module):
    def __init__(self, dim=32):
        super().__init__()
        self.embed = nn.Embedding(60, dim)
        self.place = nn.Parameter(0.1 * torch.randn(12, dim))
        layer = nn.TransformerEncoderLayer(dim, 4, 64, dropout=0.1, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 1, enable_nested_tensor=False)
        self.tag = nn.Linear(dim, TAGS)

    def forward(self, tokens):
        return self.tag(self.encoder(self.embed(tokens) + self.place)).transpose(1, 2)


tokens, _ = sentences(4000)
tags = tag(tokens)
weight = None
if args.fixed:
    counts = torch.bincount(tags.flatten(), minlength=TAGS).float()
    weight = counts.sum() / (TAGS * counts)
model = Tagger()
optimizer = torch.optim.Adam(model.parameters(), lr=4e-4)
criterion = nn.CrossEntropyLoss(weight=weight)
for step, (x, y) in enumerate(batches(tokens, tags, steps=args.steps, size=32)):
    optimizer.zero_grad()
    loss = criterion(model(x), y)
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)
