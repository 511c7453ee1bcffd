"""Each batch is one shop's weeks, and BatchNorm takes away the level in which shops differ."""

import torch
from _task import arguments, progress
from torch import Tensor, nn

args = arguments(__doc__, steps=500)
SHOPS, WEEKS, WINDOW = 60, 120, 12


def norm(width: int) -> nn.Module:
    """Return the normalisation after a hidden layer."""
    return nn.LayerNorm(width) if args.fixed else nn.BatchNorm1d(width)


def sales() -> Tensor:
    """Return each shop's weekly sales, (shops, weeks), standardised over all of them."""
    level = 1.5 * torch.randn(SHOPS, 1)
    season = 0.4 * torch.sin(torch.arange(WEEKS) / 6 + 6 * torch.rand(SHOPS, 1))
    table = level + season + 0.2 * torch.randn(SHOPS, WEEKS)
    return (table - table.mean()) / table.std()


windows = sales().unfold(1, WINDOW + 1, 1)
model = nn.Sequential(
    nn.Linear(WINDOW, 48), norm(48), nn.ReLU(), nn.Linear(48, 48), norm(48), nn.ReLU(),
    nn.Linear(48, 1),
)  # fmt: skip
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
criterion = nn.MSELoss()
for step in range(args.steps):
    shop = windows[torch.randint(SHOPS, ())]
    shop = shop[torch.randperm(len(shop))[:32]]
    optimizer.zero_grad()
    loss = criterion(model(shop[:, :WINDOW]), shop[:, WINDOW:])
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)
