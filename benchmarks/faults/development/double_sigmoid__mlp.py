"""The network ends in a sigmoid and is trained with BCEWithLogitsLoss.

As in https://github.com/lopuhin/kaggle-imet-2019/issues/3.
"""

import torch
from _task import arguments, batches, patients, progress
from torch import nn

args = arguments(__doc__, steps=500)

x, y = patients(3000, classes=2)
model = nn.Sequential(
    nn.Linear(12, 64),
    nn.BatchNorm1d(64),
    nn.ReLU(),
    nn.Linear(64, 64),
    nn.BatchNorm1d(64),
    nn.ReLU(),
    nn.Linear(64, 1),
)
if not args.fixed:
    model.append(nn.Sigmoid())

loss_fn = nn.BCEWithLogitsLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3, weight_decay=1e-5)

model.train()
for step, (inputs, targets) in enumerate(batches(x, y, steps=args.steps, size=64)):
    optimizer.zero_grad()
    outputs = model(inputs)
    loss = loss_fn(outputs, targets.unsqueeze(1).float())
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)
