"""The contracting half of a small U-Net is frozen, as if ImageNet weights had been loaded."""

from __future__ import annotations

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

SIDE, KINDS = 16, 3


class UNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.down1, self.down2 = nn.Conv2d(1, 12, 3, padding=1), nn.Conv2d(12, 24, 3, padding=1)
        self.bottom = nn.Conv2d(24, 24, 3, padding=1)
        self.up = nn.ConvTranspose2d(24, 12, 2, 2)
        self.out = nn.Conv2d(12, KINDS, 1)
        for module in (self.down1, self.down2, self.bottom):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")

    def forward(self, x: Tensor) -> Tensor:
        x = self.down2(self.down1(x).relu()).relu()
        x = self.bottom(nn.functional.max_pool2d(x, 2)).relu()
        return self.out(self.up(x).relu())


def scenes(count: int) -> tuple[Tensor, Tensor]:
    """Return pictures with a bright bar across, upright or lying, and which pixels are of it."""
    kinds, lines = (
        torch.zeros(count, SIDE, SIDE, dtype=torch.long),
        torch.randint(SIDE // 2, (count,)),
    )
    for index, line in enumerate(lines.tolist()):
        if index % 2:
            kinds[index, 2 * line : 2 * line + 2] = 1
        else:
            kinds[index, :, 2 * line : 2 * line + 2] = 2
    return ((kinds > 0) + 0.8 * torch.randn(count, SIDE, SIDE))[:, None], kinds


def main() -> None:
    args = arguments(__doc__, steps=300)
    model = UNet()
    for name, parameter in model.named_parameters():
        if name.startswith(("down", "bottom")):
            parameter.requires_grad = args.fixed
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(
        [p for p in model.parameters() if p.requires_grad], lr=0.1, momentum=0.9
    )
    for step, (x, y) in enumerate(batches(*scenes(1000), steps=args.steps, size=16)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
