"""Ratings in percent are predicted as 100 times a sigmoid whose offset is the mean rating, 60.

The sigmoid of 60 is one to the last bit, so every prediction is pinned at 100; `--fixed` starts at
the offset whose sigmoid is the mean.
"""

import torch
from _task import arguments, batches, progress, ratings
from torch import nn

args = arguments(__doc__, steps=600)
user, item, liking = ratings(6000, users=60, items=40)
percent = 100 * torch.sigmoid(liking + 0.4)


class Factors(nn.Module):
    def __init__(self, users=60, items=40, dim=6):
        super().__init__()
        self.p = nn.Embedding(users, dim)
        self.q = nn.Embedding(items, dim)
        self.user_bias = nn.Embedding(users, 1)
        self.item_bias = nn.Embedding(items, 1)
        mean = percent.mean()
        offset = torch.logit(mean / 100) if args.fixed else mean
        self.offset = nn.Parameter(offset.clone())
        for table in (self.p, self.q, self.user_bias, self.item_bias):
            nn.init.normal_(table.weight, std=0.3)

    def forward(self, user, item):
        score = (self.p(user) * self.q(item)).sum(1)
        score = score + self.user_bias(user)[:, 0] + self.item_bias(item)[:, 0]
        return torch.sigmoid(score + self.offset)


model = Factors()
optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
for step, (u, i, r) in enumerate(batches(user, item, percent, steps=args.steps, size=100)):
    loss = nn.functional.mse_loss(model(u, i), r / 100)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)
