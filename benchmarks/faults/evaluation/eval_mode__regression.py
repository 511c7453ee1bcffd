"""model.eval() stands at the top of every epoch, where model.train() belongs.

An example where the mode was not set back each epoch: https://github.com/optuna/optuna/pull/1725.
"""

import torch
from _task import arguments, houses, progress
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

args = arguments(__doc__, steps=400)


def layer(inputs, outputs):
    return [nn.Linear(inputs, outputs), nn.BatchNorm1d(outputs), nn.ReLU()]


model = nn.Sequential(
    *layer(10, 64),
    *layer(64, 64),
    *layer(64, 64),
    *layer(64, 64),
    *layer(64, 64),
    nn.Linear(64, 1),
)
loader = DataLoader(TensorDataset(*houses(3200)), batch_size=64, shuffle=True)
criterion = nn.MSELoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9)

for epoch in range(args.steps // len(loader)):
    if args.fixed:
        model.train()
    else:
        model.eval()
    for i, (x, y) in enumerate(loader):
        prediction = model(x)
        loss = criterion(prediction, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        progress(epoch * len(loader) + i, args.steps, loss)
