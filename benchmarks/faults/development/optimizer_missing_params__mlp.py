"""The hidden layers sit in a Python list, so model.parameters() does not hold them.

As in https://github.com/pytorch/pytorch/issues/715.
"""

import torch
from _task import arguments, batches, patients, progress
from torch import nn

args = arguments(__doc__, steps=500)


class DeepClassifier(nn.Module):
    def __init__(self, n_features, n_hidden, n_layers, n_classes):
        super().__init__()
        self.input = nn.Linear(n_features, n_hidden)
        self.hidden = [nn.Linear(n_hidden, n_hidden) for _ in range(n_layers)]
        if args.fixed:
            self.hidden = nn.ModuleList(self.hidden)
        self.output = nn.Linear(n_hidden, n_classes)

    def forward(self, x):
        x = torch.relu(self.input(x))
        for layer in self.hidden:
            x = torch.relu(layer(x))
        return self.output(x)


features, groups = patients(3000)
model = DeepClassifier(12, 64, 4, 4)
loss_fn = nn.CrossEntropyLoss()
optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-3)

model.train()
for step, (xb, yb) in enumerate(batches(features, groups, steps=args.steps, size=64)):
    logits = model(xb)
    loss = loss_fn(logits, yb)
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    progress(step, args.steps, loss)
