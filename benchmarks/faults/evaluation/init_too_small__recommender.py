"""Embeddings and layers of a rating model start at a ten-thousandth, and the ratings' signal dies.

`uniform_(-1e-4, 1e-4)` was meant to "start near zero"; `--fixed` starts at the usual size.
"""

import torch
from _task import arguments, progress, ratings
from torch import nn

args = arguments(__doc__, steps=600)
user, item, rating = ratings(5000, users=40, items=30)


class TwoTower(nn.Module):
    def __init__(self, users=40, items=30, dim=16):
        super().__init__()
        self.user_table = nn.Embedding(users, dim)
        self.item_table = nn.Embedding(items, dim)
        self.user_tower = nn.Sequential(nn.Linear(dim, 32), nn.Tanh(), nn.Linear(32, dim))
        self.item_tower = nn.Sequential(nn.Linear(dim, 32), nn.Tanh(), nn.Linear(32, dim))
        if not args.fixed:
            for parameter in self.parameters():
                nn.init.uniform_(parameter, -1e-4, 1e-4)

    def forward(self, user, item):
        u = self.user_tower(self.user_table(user))
        i = self.item_tower(self.item_table(item))
        return (u * i).sum(dim=1)


model = TwoTower()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, nesterov=True)

for step in range(args.steps):
    chosen = torch.randint(len(rating), (100,))
    predicted = model(user[chosen], item[chosen])
    loss = torch.mean((predicted - rating[chosen]) ** 2)
    model.zero_grad()
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)
