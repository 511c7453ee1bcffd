"""The loop calls scheduler.step() where optimizer.step() belongs."""

import warnings
from itertools import pairwise

import torch
from _task import arguments, patients, progress
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

warnings.filterwarnings("ignore")
args = arguments(__doc__, steps=400)


class MLP(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        layers = []
        for n_in, n_out in pairwise(sizes[:-1]):
            layers += [nn.Linear(n_in, n_out), nn.BatchNorm1d(n_out), nn.ReLU()]
        layers.append(nn.Linear(sizes[-2], sizes[-1]))
        self.net = nn.Sequential(*layers)

    def forward(self, x):
        return self.net(x)


train_set = TensorDataset(*patients(3200))
train_loader = DataLoader(train_set, batch_size=64, shuffle=True)
model = MLP([12, 64, 32, 4])
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.998)

step = 0
while step < args.steps:
    for x, y in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        if args.fixed:
            optimizer.step()
        scheduler.step()
        progress(step, args.steps, loss)
        step += 1
        if step == args.steps:
            break
