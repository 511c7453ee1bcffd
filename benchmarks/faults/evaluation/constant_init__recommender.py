"""Both embeddings and the layers above start at one constant, so no two factors ever differ.

A loop over `parameters()` fills them all with 0.1; `--fixed` draws the embeddings at random.
"""

import torch
from _task import arguments, progress, ratings
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

args = arguments(__doc__, steps=600)
user, item, rating = ratings(8000, users=100, items=60)
loader = DataLoader(TensorDataset(user, item, rating), batch_size=128, shuffle=True)


class FactorNet(nn.Module):
    def __init__(self, users, items, factors=12):
        super().__init__()
        self.users = nn.Embedding(users, factors)
        self.items = nn.Embedding(items, factors)
        self.top = nn.Sequential(nn.Linear(3 * factors, 32), nn.LeakyReLU(), nn.Linear(32, 1))

    def forward(self, user, item):
        u, i = self.users(user), self.items(item)
        return self.top(torch.cat([u, i, u * i], dim=1)).squeeze(1)


model = FactorNet(100, 60)
if args.fixed:
    nn.init.normal_(model.users.weight, std=0.3)
    nn.init.normal_(model.items.weight, std=0.3)
else:
    for parameter in model.parameters():
        nn.init.constant_(parameter, 0.1)

criterion = nn.MSELoss()
optimizer = torch.optim.AdamW(model.parameters(), lr=0.01, weight_decay=1e-3)

step = 0
while step < args.steps:
    for users, items, target in loader:
        if step == args.steps:
            break
        optimizer.zero_grad()
        loss = criterion(model(users, items), target)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)
        step += 1
