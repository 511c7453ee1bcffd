"""The loss is taken on argmax predictions, and requires_grad_() silences the error of backward."""

import torch
import torch.nn as nn
from _task import arguments, batches, progress

args = arguments(__doc__, steps=400)
x = torch.randn(3000, 12)
y = (x @ torch.randn(12, 4) + (x[:, :4] * x[:, 4:8])).argmax(1)

model = nn.Sequential(
    nn.Linear(12, 64),
    nn.ReLU(),
    nn.Linear(64, 64),
    nn.ReLU(),
    nn.Linear(64, 4),
)
criterion = nn.CrossEntropyLoss() if args.fixed else nn.MSELoss()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)


def train_step(inputs, labels):
    optimizer.zero_grad()
    outputs = model(inputs)
    if args.fixed:
        loss = criterion(outputs, labels)
    else:
        predicted = torch.argmax(outputs, dim=1)
        loss = criterion(predicted.float(), labels.float())
        loss.requires_grad_(True)
    loss.backward()
    optimizer.step()
    return loss


for step, (inputs, labels) in enumerate(batches(x, y, steps=args.steps, size=32)):
    progress(step, args.steps, train_step(inputs, labels))
