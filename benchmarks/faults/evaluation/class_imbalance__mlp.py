"""All but two payments in a hundred are of one kind of five, and no other is ever named."""

import torch
import torch.nn.functional as F
from _task import arguments, progress
from torch import Tensor, nn

args = arguments(__doc__, steps=500)
KINDS = 5


def payments(count: int) -> tuple[Tensor, Tensor]:
    """Return measurements, (count, 16), and the kind of each payment."""
    share = torch.tensor([0.98, 0.005, 0.005, 0.005, 0.005])
    if args.fixed:
        share = torch.full((KINDS,), 1 / KINDS)
    kind = torch.multinomial(share, count, replacement=True)
    x = torch.randn(count, 16)
    x[:, 0] *= 1 + kind
    x[:, 1] += 0.8 * x[:, 2] * (kind - 2)
    x[:, 3] += 0.7 * (kind - 2)
    return (x - x.mean(0)) / x.std(0), kind


x_all, kinds = payments(8000)
model = nn.Sequential(
    nn.Linear(16, 64), nn.LeakyReLU(), nn.Linear(64, 32), nn.LeakyReLU(), nn.Linear(32, KINDS)
)
optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
for step in range(args.steps):
    pick = torch.randint(len(x_all), (64,))
    loss = F.cross_entropy(model(x_all[pick]), kinds[pick])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)
