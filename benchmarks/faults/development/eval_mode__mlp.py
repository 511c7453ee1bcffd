"""model.eval() stands at the top of every epoch, where model.train() belongs.

An example where the mode was not set back each epoch: https://github.com/optuna/optuna/pull/1725.
"""

import torch
from _task import arguments, patients, progress
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

args = arguments(__doc__, steps=300)


def layer(inputs, outputs):
    return nn.Sequential(nn.Linear(inputs, outputs), nn.BatchNorm1d(outputs), nn.ReLU())


blocks = [layer(12, 40), *(layer(40, 40) for _ in range(6))]
model = nn.Sequential(*blocks, nn.Linear(40, 4))
loader = DataLoader(TensorDataset(*patients(3200)), batch_size=64, shuffle=True)
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.03, momentum=0.9)

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
