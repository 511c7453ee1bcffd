"""Two parts in a hundred have a scratch, and the inspector learns to pass every part."""

import torch
from _task import arguments, progress
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset, WeightedRandomSampler

args = arguments(__doc__, steps=400)


def parts(count: int = 4000, scratched: float = 0.02) -> tuple[Tensor, Tensor]:
    """Return pictures of parts, (count, 1, 16, 16), and 1 for each with a slanting scratch."""
    labels = (torch.rand(count) < scratched).float()
    pictures = torch.randn(count, 1, 16, 16)
    for index in labels.nonzero()[:, 0].tolist():
        row, column, size = (int(n) for n in torch.randint(3, 9, (3,)))
        for k in range(size):
            pictures[index, 0, min(row + k, 15), min(column + k, 15)] += 2.0
    return pictures, labels


pictures, labels = parts()
if args.fixed:
    weights = torch.where(labels == 1, 1 / labels.sum(), 1 / (1 - labels).sum())
    sampler = WeightedRandomSampler(weights.tolist(), len(labels))
    loader = DataLoader(TensorDataset(pictures, labels), batch_size=32, sampler=sampler)
else:
    loader = DataLoader(TensorDataset(pictures, labels), batch_size=32, shuffle=True)

model = nn.Sequential(
    nn.Conv2d(1, 16, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
    nn.Conv2d(16, 16, 3, padding=1), nn.ReLU(), nn.AdaptiveMaxPool2d(1),
    nn.Flatten(), nn.Linear(16, 1),
)  # fmt: skip
optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9)
criterion = nn.BCEWithLogitsLoss()
step = 0
while step < args.steps:
    for x, y in loader:
        optimizer.zero_grad()
        loss = criterion(model(x)[:, 0], y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)
        step += 1
        if step == args.steps:
            break
