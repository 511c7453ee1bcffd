"""The gradient's norm is clipped to 0.0001, so that SGD gets next to nothing to step by.

`--fixed` clips at 5, which it rarely reaches.
"""

import torch
from _task import arguments, patients, progress
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

args = arguments(__doc__, steps=600)
loader = DataLoader(TensorDataset(*patients(4000)), batch_size=40, shuffle=True)
MAX_NORM = 5.0 if args.fixed else 1e-4

mlp = nn.Sequential(
    nn.Linear(12, 64),
    nn.LayerNorm(64),
    nn.ReLU(),
    nn.Linear(64, 64),
    nn.LayerNorm(64),
    nn.ReLU(),
    nn.Linear(64, 4),
)
loss_function = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(mlp.parameters(), lr=0.05, momentum=0.9)


def train_step(x, y):
    optimizer.zero_grad()
    loss = loss_function(mlp(x), y)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(mlp.parameters(), MAX_NORM)
    optimizer.step()
    return loss


step = 0
while step < args.steps:
    for x, y in loader:
        loss = train_step(x, y)
        progress(step, args.steps, loss)
        step += 1
        if step == args.steps:
            break
