"""next(iter(loader)) in the loop starts the unshuffled loader anew, so every step sees one batch.

As in https://github.com/wandb/examples/issues/444.
"""

import torch
from _task import arguments, images, progress
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

args = arguments(__doc__, steps=300)
x, y = images(3500)
train_loader = DataLoader(TensorDataset(x[500:], y[500:]), batch_size=32, shuffle=args.fixed)

model = nn.Sequential(
    nn.Conv2d(1, 16, 3, padding=1),
    nn.ReLU(),
    nn.MaxPool2d(2),
    nn.Conv2d(16, 16, 3, padding=1),
    nn.ReLU(),
    nn.MaxPool2d(2),
    nn.Flatten(),
    nn.Linear(144, 8),
)
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)


@torch.no_grad()
def validate():
    model.eval()
    loss = criterion(model(x[:500]), y[:500])
    model.train()
    return loss.item()


for step in range(args.steps):
    inputs, targets = next(iter(train_loader))
    optimizer.zero_grad()
    loss = criterion(model(inputs), targets)
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)
    if (step + 1) % 100 == 0:
        print(f"validation loss {validate():.4f}")
