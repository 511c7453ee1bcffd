"""Pictures come two at a time, as the card holds no more, with the learning rate meant for 64."""

import torch
from _data import stripes
from _task import arguments, progress
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

args = arguments(__doc__, steps=400)
pictures, direction = stripes(6000, classes=6, noise=1.0)
train = TensorDataset(pictures[:5500], direction[:5500])
loader = DataLoader(train, batch_size=64 if args.fixed else 2, shuffle=True, drop_last=True)

net = nn.Sequential(
    nn.Conv2d(1, 16, 5, padding=2),
    nn.ReLU(),
    nn.MaxPool2d(2),
    nn.Conv2d(16, 32, 3, padding=1),
    nn.ReLU(),
    nn.AdaptiveAvgPool2d(2),
    nn.Flatten(),
    nn.Linear(128, 6),
)
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(net.parameters(), lr=0.02, momentum=0.9)
warmup = torch.optim.lr_scheduler.LinearLR(optimizer, 0.1, total_iters=40)


@torch.no_grad()
def validate():
    return criterion(net(pictures[5500:]), direction[5500:]).item()


step = 0
while step < args.steps:
    for x, y in loader:
        loss = criterion(net(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        warmup.step()
        progress(step, args.steps, loss)
        if step % 40 == 39:
            print(f"step {step:4d}  val_loss {validate():.4f}")
        step += 1
        if step == args.steps:
            break
