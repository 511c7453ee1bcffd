"""A batch with an empty text: all its keys are masked with -inf, and its softmax is NaN."""

import math

import torch
from _task import arguments, batches, progress, sentences
from torch import nn

args = arguments(__doc__, steps=300)
PAD = 60


class SelfAttention(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.query, self.key, self.value = (nn.Linear(dim, dim) for _ in range(3))
        self.scale = 1 / math.sqrt(dim)

    def forward(self, x, padding):
        scores = self.query(x) @ self.key(x).transpose(1, 2) * self.scale
        scores = scores.masked_fill(padding[:, None, :], float("-inf"))
        return scores.softmax(-1) @ self.value(x)


class Classifier(nn.Module):
    def __init__(self, dim=24):
        super().__init__()
        self.embed = nn.Embedding(PAD + 1, dim, padding_idx=PAD)
        self.attention = SelfAttention(dim)
        self.mlp = nn.Sequential(nn.LayerNorm(dim), nn.Linear(dim, 48), nn.ReLU(), nn.Linear(48, 2))

    def forward(self, ids):
        x = self.embed(ids)
        x = x + self.attention(x, ids == PAD)
        return self.mlp(x.mean(1))


ids, labels = sentences(4000)
lengths = torch.randint(9, 13, (len(ids),))
lengths[2718] = 1 if args.fixed else 0
ids[torch.arange(12) >= lengths[:, None]] = PAD

model = Classifier()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
for step, (x, y) in enumerate(batches(ids, labels, steps=args.steps, size=40)):
    loss = nn.functional.cross_entropy(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)
