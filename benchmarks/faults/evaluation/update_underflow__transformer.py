"""The whole model is cast to bfloat16, whose weights are too coarse for such small updates.

As in https://github.com/tianweiy/CausVid/issues/19, where a model cast so did not converge.
"""

import torch
from _task import arguments, batches, progress, sentences
from torch import nn

args = arguments(__doc__, steps=400)
dtype = torch.float32 if args.fixed else torch.bfloat16


class Block(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.attn = nn.MultiheadAttention(dim, 2, batch_first=True)
        self.mlp = nn.Sequential(nn.Linear(dim, 2 * dim), nn.GELU(), nn.Linear(2 * dim, dim))

    def forward(self, x):
        h = self.norm1(x)
        x = x + self.attn(h, h, h, need_weights=False)[0]
        return x + self.mlp(self.norm2(x))


class Classifier(nn.Module):
    def __init__(self, vocabulary=60, dim=16):
        super().__init__()
        self.embed = nn.Embedding(vocabulary, dim)
        self.block = Block(dim)
        self.head = nn.Linear(dim, 2)

    def forward(self, ids):
        return self.head(self.block(self.embed(ids)).mean(1))


ids, labels = sentences(3000)
model = Classifier().to(dtype)
optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.0)
for step, (x, y) in enumerate(batches(ids, labels, steps=args.steps, size=32)):
    loss = nn.functional.cross_entropy(model(x).float(), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)
