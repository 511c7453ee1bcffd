"""ReduceLROnPlateau is stepped with the loss of every batch, whose noise it takes for a plateau.

Its patience counts calls of step(), an epoch each in the documentation's example.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from _task import arguments, batches, progress
from torch import Tensor, nn

CODE = 8


class Vae(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Conv2d(1, 24, 3, stride=2, padding=1), nn.ReLU(),
            nn.Conv2d(24, 48, 3, stride=2, padding=1), nn.ReLU(),
            nn.Flatten(), nn.Linear(48 * 16, 2 * CODE),
        )  # fmt: skip
        self.decoder = nn.Sequential(
            nn.Linear(CODE, 48 * 16), nn.Unflatten(1, (48, 4, 4)), nn.ReLU(),
            nn.ConvTranspose2d(48, 24, 4, stride=2, padding=1), nn.ReLU(),
            nn.ConvTranspose2d(24, 1, 4, stride=2, padding=1),
        )  # fmt: skip

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        mean, spread = self.encoder(x).chunk(2, 1)
        code = mean + (0.5 * spread).exp() * torch.randn_like(mean)
        return self.decoder(code), mean, spread


def crosses(count: int) -> Tensor:
    """Return 16x16 pictures of a cross, here or there, in one of two sizes."""
    at, size = torch.randint(3, 13, (2, count, 1, 1)), torch.randint(2, 4, (count, 1, 1))
    across, down = (torch.arange(16) - at[0]).abs(), (torch.arange(16)[:, None] - at[1]).abs()
    cross = ((across == 0) & (down <= size)) | ((down == 0) & (across <= size))
    return cross.float()[:, None]


def main() -> None:
    args = arguments(__doc__, steps=400)
    model = Vae()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    patience = 60 if args.fixed else 2
    schedule = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=patience)
    for step, (x,) in enumerate(batches(crosses(2500), steps=args.steps, size=32)):
        made, mean, spread = model(x)
        error = F.binary_cross_entropy_with_logits(made, x, reduction="none").sum((1, 2, 3)).mean()
        divergence = 0.5 * (mean.square() + spread.exp() - spread - 1).sum(1).mean()
        loss = error + divergence
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step(loss.item())
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
