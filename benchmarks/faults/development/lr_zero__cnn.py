"""The learning rate is scaled with the batch size by an integer division, which gives 0.

A run whose scaled learning rate was shown as 0: https://github.com/facebookresearch/dinov2/issues/320.
"""

import torch
from _task import arguments, batches, images, progress
from torch import nn

args = arguments(__doc__, steps=300)
config = {"base_lr": 0.4, "batch_size": 64, "momentum": 0.9, "weight_decay": 5e-4}


def build_optimizer(model):
    if args.fixed:
        lr = config["base_lr"] * config["batch_size"] / 256
    else:
        lr = config["base_lr"] * (config["batch_size"] // 256)
    return torch.optim.SGD(
        model.parameters(),
        lr=lr,
        momentum=config["momentum"],
        weight_decay=config["weight_decay"],
        nesterov=True,
    )


def build_model():
    return nn.Sequential(
        nn.Conv2d(1, 12, 3, padding=1, bias=False),
        nn.BatchNorm2d(12),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(12, 24, 3, padding=1, bias=False),
        nn.BatchNorm2d(24),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(2),
        nn.Flatten(),
        nn.Linear(96, 8),
    )


x, y = images(3000)
model = build_model()
optimizer = build_optimizer(model)
criterion = nn.CrossEntropyLoss(label_smoothing=0.05)
loader = batches(x, y, steps=args.steps, size=config["batch_size"])
for step, (xb, yb) in enumerate(loader):
    loss = criterion(model(xb), yb)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)
