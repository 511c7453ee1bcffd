"""A convolutional network is trained by RMSprop with a learning rate of 0.1."""

from __future__ import annotations

import torch
from _task import arguments, images, progress
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def main() -> None:
    args = arguments(__doc__, steps=300)
    train_loader = DataLoader(TensorDataset(*images()), batch_size=50, shuffle=True)
    model = nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1),
        nn.LeakyReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1),
        nn.LeakyReLU(),
        nn.AdaptiveMaxPool2d(1),
        nn.Flatten(),
        nn.Linear(32, 8),
    )
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.RMSprop(model.parameters(), lr=2e-3 if args.fixed else 0.1)
    epochs = -(-args.steps // len(train_loader))
    for epoch in range(epochs):
        for i, (inputs, labels) in enumerate(train_loader):
            optimizer.zero_grad()
            loss = criterion(model(inputs), labels)
            loss.backward()
            optimizer.step()
            progress(epoch * len(train_loader) + i, epochs * len(train_loader), loss)


if __name__ == "__main__":
    main()
