"""Only 120 patients to learn from, for a network of 100000 weights and 400 passes."""

import torch
from _task import arguments, batches, patients, progress
from torch import nn

args = arguments(__doc__, steps=600)
x, y = patients(4000)
count = 3400 if args.fixed else 120
train_x, train_y, val_x, val_y = x[:count], y[:count], x[3500:], y[3500:]
model = nn.Sequential(
    nn.Linear(12, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 4)
)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
criterion = nn.CrossEntropyLoss()
for step, (features, group) in enumerate(batches(train_x, train_y, steps=args.steps, size=40)):
    model.train()
    loss = criterion(model(features), group)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)
    if step % 20 == 19:
        model.eval()
        with torch.no_grad():
            val_loss = criterion(model(val_x), val_y)
        print(f"step {step:4d}  val_loss {val_loss.item():.4f}")
