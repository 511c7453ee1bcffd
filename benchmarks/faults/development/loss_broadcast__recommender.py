"""The squeezed scores (B,) are subtracted from ratings of shape (B, 1) in a handwritten loss.

Squeezed logits against labels of shape (32, 1): https://github.com/deepset-ai/FARM/issues/229.
"""

import torch
import torch.nn as nn
from _task import arguments, progress, ratings
from torch.utils.data import DataLoader, Dataset

args = arguments(__doc__, steps=500)


class Ratings(Dataset):
    def __init__(self):
        self.user, self.item, rating = ratings(6000)
        self.rating = rating.view(-1, 1)

    def __len__(self):
        return len(self.rating)

    def __getitem__(self, index):
        return self.user[index], self.item[index], self.rating[index]


class NeuralCF(nn.Module):
    def __init__(self, dim=16):
        super().__init__()
        self.user, self.item = nn.Embedding(150, dim), nn.Embedding(80, dim)
        self.mlp = nn.Sequential(nn.Linear(2 * dim, 32), nn.ReLU(), nn.Linear(32, 1))

    def forward(self, user, item):
        x = torch.cat([self.user(user), self.item(item)], dim=-1)
        return self.mlp(x).squeeze()


def rmse(prediction, target):
    if args.fixed:
        target = target.squeeze()
    return torch.sqrt(((prediction - target) ** 2).mean())


model = NeuralCF()
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
loader = DataLoader(Ratings(), batch_size=64, shuffle=True, drop_last=True)
step = 0
while step < args.steps:
    for user, item, rating in loader:
        loss = rmse(model(user, item), rating)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)
        step += 1
        if step == args.steps:
            break
