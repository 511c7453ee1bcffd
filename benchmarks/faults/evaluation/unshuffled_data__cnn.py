"""The pictures come folder by folder, one shape after the other, in every epoch."""

import torch
from _task import arguments, images, progress
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

args = arguments(__doc__, steps=400)


class Folders(Dataset):
    """All pictures of the first shape, then those of the second, and so on."""

    def __init__(self, count: int) -> None:
        pictures, labels = images(count, classes=5)
        self.files = [(p, k) for k in range(5) for p in pictures[labels == k]]

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        return self.files[index]


loader = DataLoader(Folders(1600), batch_size=20, shuffle=args.fixed)
model = nn.Sequential(
    nn.Conv2d(1, 12, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
    nn.Conv2d(12, 24, 3, padding=1), nn.ReLU(), nn.AdaptiveMaxPool2d(2),
    nn.Flatten(), nn.Linear(96, 5),
)  # fmt: skip
optimizer = torch.optim.SGD(model.parameters(), lr=0.03, momentum=0.9)
criterion = nn.CrossEntropyLoss()
step = 0
while step < args.steps:
    for x, y in loader:
        loss = criterion(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)
        step += 1
        if step == args.steps:
            break
