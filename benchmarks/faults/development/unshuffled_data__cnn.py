"""The pictures come folder after folder, one class at a time, and the loader does not shuffle.

As in https://github.com/Deci-AI/super-gradients/issues/416.
"""

import torch
from _task import arguments, images, progress
from torch import nn
from torch.utils.data import DataLoader, Dataset

args = arguments(__doc__, steps=400)


class ImageFolder(Dataset):
    def __init__(self, count):
        pictures, labels = images(count)
        order = labels.argsort(stable=True)
        self.samples = list(zip(pictures[order], labels[order], strict=True))

    def __len__(self):
        return len(self.samples)

    def __getitem__(self, index):
        return self.samples[index]


def conv(i, o):
    return nn.Sequential(nn.Conv2d(i, o, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2))


model = nn.Sequential(conv(1, 16), conv(16, 32), nn.Flatten(), nn.Linear(288, 8))
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9)
dataset = ImageFolder(1600)
train_loader = DataLoader(dataset, batch_size=32, shuffle=args.fixed)

for epoch in range(args.steps // len(train_loader)):
    for i, (picture, label) in enumerate(train_loader):
        optimizer.zero_grad()
        loss = criterion(model(picture), label)
        loss.backward()
        optimizer.step()
        progress(epoch * len(train_loader) + i, args.steps, loss)
