"""The validation before training leaves the model in eval mode; train() is never called again.

As in https://github.com/wkentaro/pytorch-fcn/issues/57.
"""

import torch
from _task import arguments, batches, images, progress
from torch import nn

args = arguments(__doc__, steps=250)


class ConvNet(nn.Module):
    def __init__(self, widths=(8, 16, 16, 32, 32, 32)):
        super().__init__()
        layers, previous = [], 1
        for depth, width in enumerate(widths):
            layers += [
                nn.Conv2d(previous, width, 3, padding=1, bias=False),
                nn.BatchNorm2d(width),
                nn.ReLU(inplace=True),
            ]
            if depth in (1, 3):
                layers.append(nn.MaxPool2d(2))
            previous = width
        self.features = nn.Sequential(*layers)
        self.fc = nn.Linear(previous, 8)

    def forward(self, x):
        return self.fc(self.features(x).mean(dim=(2, 3)))


class Trainer:
    def __init__(self, model):
        self.model = model
        self.optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)

    @torch.no_grad()
    def validate(self, x, y):
        self.model.eval()
        accuracy = (self.model(x).argmax(1) == y).float().mean()
        if args.fixed:
            self.model.train()
        return accuracy

    def train(self, x, y, val):
        print(f"accuracy before training {self.validate(*val):.2f}")
        for step, (xb, yb) in enumerate(batches(x, y, steps=args.steps, size=32)):
            self.optimizer.zero_grad()
            loss = nn.functional.cross_entropy(self.model(xb), yb)
            loss.backward()
            self.optimizer.step()
            progress(step, args.steps, loss)


x, y = images(3200, noise=0.3)
Trainer(ConvNet()).train(x[200:], y[200:], (x[:200], y[:200]))
