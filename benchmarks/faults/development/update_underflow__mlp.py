"""The whole model is cast to bfloat16, whose weights are too coarse for such small updates.

As in https://github.com/tianweiy/CausVid/issues/19, where a model cast so did not converge.
"""

import torch
from _task import arguments, batches, progress, sentences
from torch import nn

args = arguments(__doc__, steps=500)
dtype = torch.float32 if args.fixed else torch.bfloat16


class BagOfWords(nn.Module):
    def __init__(self, vocabulary=60, dim=128, hidden=512):
        super().__init__()
        self.embed = nn.EmbeddingBag(vocabulary, dim, mode="sum")
        self.mlp = nn.Sequential(nn.Linear(dim, hidden), nn.ReLU(), nn.Linear(hidden, 2))

    def forward(self, ids):
        return self.mlp(self.embed(ids))


ids, labels = sentences(3000)
model = BagOfWords().to(dtype)
optimizer = torch.optim.Adam(model.parameters(), lr=5e-5)
for step, (x, y) in enumerate(batches(ids, labels, steps=args.steps, size=32)):
    loss = nn.functional.cross_entropy(model(x).float(), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)
