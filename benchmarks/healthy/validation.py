"""Dropout, a validation pass in eval mode after every epoch, and a step-wise learning rate."""

from __future__ import annotations

import torch
from _task import arguments, blobs, progress
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def main() -> None:
    args = arguments(__doc__, steps=600)
    points, labels = blobs(spread=1.5)
    train = DataLoader(TensorDataset(points[:2400], labels[:2400]), batch_size=32, shuffle=True)
    model = nn.Sequential(nn.Linear(20, 128), nn.ReLU(), nn.Dropout(0.3), nn.Linear(128, 5))
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, step_size=4, gamma=0.3)
    epochs = -(-args.steps // len(train))
    for epoch in range(epochs):
        model.train()
        for x, y in train:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
        schedule.step()
        model.eval()
        with torch.no_grad():
            progress(epoch, epochs, criterion(model(points[2400:]), labels[2400:]))


if __name__ == "__main__":
    main()
