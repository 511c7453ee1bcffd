"""SGD's weight decay is 0.3, a thousand times the usual, and the filters fade away."""

from __future__ import annotations

from _task import arguments, images, progress
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset


def main() -> None:
    args = arguments(__doc__, steps=300)
    loader = DataLoader(TensorDataset(*images()), batch_size=32, shuffle=True, drop_last=True)
    model = nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1),
        nn.ReLU(),
        nn.AdaptiveMaxPool2d(1),
        nn.Flatten(),
        nn.Linear(32, 8),
    )
    optimizer = optim.SGD(
        model.parameters(), lr=0.05, momentum=0.9, weight_decay=3e-4 if args.fixed else 0.3
    )
    criterion = nn.CrossEntropyLoss()
    step = 0
    while step < args.steps:
        for x, y in loader:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            progress(step, args.steps, loss)
            step += 1
            if step >= args.steps:
                break


if __name__ == "__main__":
    main()
