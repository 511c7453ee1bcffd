"""House prices with BatchNorm, two houses a batch: normalised, one is +1 and the other -1."""

import torch
import torch.nn.functional as F
from _task import arguments, batches, houses, progress
from torch import Tensor, nn

args = arguments(__doc__, steps=600)
Norm = nn.LayerNorm if args.fixed else nn.BatchNorm1d


class Prices(nn.Module):
    """Two normalised hidden layers."""

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        self.first, self.norm1 = nn.Linear(10, width), Norm(width)
        self.second, self.norm2 = nn.Linear(width, width), Norm(width)
        self.price = nn.Linear(width, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.norm1(self.first(x)))
        x = F.relu(self.norm2(self.second(x)))
        return self.price(x)


features, prices = houses(4000)
model = Prices()
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, args.steps, eta_min=2e-4)
loader = batches(features[:3600], prices[:3600], steps=args.steps, size=2)
for step, (x, y) in enumerate(loader):
    model.train()
    optimizer.zero_grad()
    loss = F.mse_loss(model(x), y)
    loss.backward()
    optimizer.step()
    scheduler.step()
    progress(step, args.steps, loss)
    if (step + 1) % 60 == 0:
        model.eval()
        with torch.no_grad():
            val_loss = F.mse_loss(model(features[3600:]), prices[3600:])
        print(f"step {step:4d}  val_loss {val_loss.item():.4f}")
