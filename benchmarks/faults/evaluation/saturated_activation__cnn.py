"""A "sharper" tanh, of twenty times its input, pins every unit of both convolutions."""

import torch
from _task import arguments, batches, images, progress
from torch import Tensor, nn

args = arguments(__doc__, steps=400)


class SharpTanh(nn.Module):
    """Tanh with a steepness."""

    def __init__(self, steepness: float) -> None:
        super().__init__()
        self.steepness = steepness

    def forward(self, x: Tensor) -> Tensor:
        return torch.tanh(self.steepness * x)


STEEPNESS = 1.0 if args.fixed else 20.0
pictures, labels = images(3500)
model = nn.Sequential(
    nn.Conv2d(1, 16, 3, padding=1),
    SharpTanh(STEEPNESS),
    nn.MaxPool2d(2),
    nn.Conv2d(16, 24, 3, padding=1),
    SharpTanh(STEEPNESS),
    nn.AdaptiveMaxPool2d(2),
    nn.Flatten(),
    nn.Linear(96, 8),
)
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
criterion = nn.CrossEntropyLoss()
loader = batches(pictures[:3000], labels[:3000], steps=args.steps, size=32)
for step, (x, y) in enumerate(loader):
    optimizer.zero_grad()
    loss = criterion(model(x), y)
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)
    if (step + 1) % 80 == 0:
        with torch.no_grad():
            val_loss = criterion(model(pictures[3000:]), labels[3000:])
        print(f"step {step:4d}  val_loss {val_loss.item():.4f}")
