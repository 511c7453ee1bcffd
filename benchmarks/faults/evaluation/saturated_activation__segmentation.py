"""Biases of +6 and -6 were set before the tanh layers, "to spread the units", and pin them all."""

import torch
import torch.nn.functional as F
from _task import arguments, batches, progress
from torch import Tensor, nn

args = arguments(__doc__, steps=350)
SIZE = 16


class Outline(nn.Module):
    """A picture to the logit of each of its pixels."""

    def __init__(self, channels: int = 12) -> None:
        super().__init__()
        self.convs = nn.ModuleList(
            [
                nn.Conv2d(1, channels, 5, padding=2),
                nn.Conv2d(channels, channels, 3, padding=1),
            ]
        )
        self.mask = nn.Conv2d(channels, 1, 1)
        if not args.fixed:
            for conv in self.convs:
                signs = torch.arange(channels) % 2 * 2.0 - 1
                conv.bias.data = 6.0 * signs

    def forward(self, x: Tensor) -> Tensor:
        for conv in self.convs:
            x = torch.tanh(conv(x))
        return self.mask(x)


def discs(count: int = 1500) -> tuple[Tensor, Tensor]:
    """Return noisy pictures of a disc, (count, 1, SIZE, SIZE), and where it is."""
    grid = torch.arange(SIZE)
    row, column = (3 + 10 * torch.rand(2, count, 1, 1)).unbind(0)
    radius = 2 + 2 * torch.rand(count, 1, 1)
    mask = ((grid[:, None] - row) ** 2 + (grid - column) ** 2 < radius**2).float()
    return (1.5 * mask - 0.2 + 0.7 * torch.randn(count, SIZE, SIZE))[:, None], mask[:, None]


pictures, masks = discs()
model = Outline()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
for step, (x, y) in enumerate(batches(pictures[:1300], masks[:1300], steps=args.steps, size=16)):
    loss = F.binary_cross_entropy_with_logits(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)
    if step % 50 == 49:
        with torch.no_grad():
            val_loss = F.binary_cross_entropy_with_logits(model(pictures[1300:]), masks[1300:])
        print(f"step {step:4d}  val_loss {val_loss.item():.4f}")
