"""The model is kept in bfloat16 to save memory, and the updates are lost in the rounding."""

import torch
from _task import arguments, progress, ratings
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

args = arguments(__doc__, steps=500)


class TwoTower(nn.Module):
    def __init__(self, users, items, dim=64):
        super().__init__()
        self.user = nn.Embedding(users, dim)
        self.item = nn.Embedding(items, dim)
        self.mlp = nn.Sequential(nn.Linear(2 * dim, 512), nn.ReLU(), nn.Linear(512, 1))

    def forward(self, user, item):
        return self.mlp(torch.cat((self.user(user), self.item(item)), 1)).squeeze(1)


user, item, rating = ratings(6000)
model = TwoTower(150, 80)
if not args.fixed:
    model = model.bfloat16()
optimizer = torch.optim.Adam(model.parameters(), lr=7e-5)
loader = DataLoader(TensorDataset(user, item, rating), batch_size=64, shuffle=True)
mse = nn.MSELoss()
step = 0
for _epoch in range(100):
    for u, i, r in loader:
        if step >= args.steps:
            raise SystemExit
        loss = mse(model(u, i).float(), r)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)
        step += 1
