"""The backbone is frozen as in a fine-tuning script, but no trained weights were ever loaded."""

import torch
from _task import arguments, batches, images, progress
from torch import nn

args = arguments(__doc__, steps=300)


def conv_block(i, o):
    return nn.Sequential(nn.Conv2d(i, o, 3, padding=1), nn.BatchNorm2d(o), nn.ReLU())


class Backbone(nn.Module):
    def __init__(self):
        super().__init__()
        self.stage1 = nn.Sequential(conv_block(1, 8), nn.MaxPool2d(2))
        self.stage2 = nn.Sequential(conv_block(8, 16), nn.MaxPool2d(2))
        self.stage3 = conv_block(16, 16)

    def forward(self, x):
        return self.stage3(self.stage2(self.stage1(x))).mean((2, 3))


class Classifier(nn.Module):
    def __init__(self, backbone, num_classes):
        super().__init__()
        self.backbone = backbone
        self.fc = nn.Linear(16, num_classes)

    def forward(self, x):
        return self.fc(self.backbone(x))


model = Classifier(Backbone(), num_classes=8)
if not args.fixed:
    for param in model.backbone.parameters():
        param.requires_grad = False

optimizer = torch.optim.Adam((p for p in model.parameters() if p.requires_grad), lr=5e-3)
criterion = nn.CrossEntropyLoss()
x, y = images(2500, noise=0.3)
for step, (xb, yb) in enumerate(batches(x, y, steps=args.steps, size=32)):
    optimizer.zero_grad()
    loss = criterion(model(xb), yb)
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)
