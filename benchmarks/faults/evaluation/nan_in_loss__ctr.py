"""The click rate of an item is clicks over views, and items never shown give 0 / 0, a nan."""

import torch
from _task import arguments, progress, ratings
from torch import Tensor, nn

args = arguments(__doc__, steps=500)


class ClickModel(nn.Module):
    """The logit that a user clicks an item, by factorisation."""

    def __init__(self, size: int = 8) -> None:
        super().__init__()
        self.user = nn.Embedding(100, size)
        self.item = nn.Embedding(60, size)
        self.rate = nn.Linear(1, 1)
        self.item_bias = nn.Embedding(60, 1)

    def forward(self, user: Tensor, item: Tensor, rate: Tensor) -> Tensor:
        taste = (self.user(user) * self.item(item)).sum(1)
        return taste + self.rate(rate[:, None])[:, 0] + self.item_bias(item)[:, 0]


user, item, rating = ratings(5000, users=100, items=60)
clicks = (rating + 0.5 * torch.randn(len(rating)) > 0).float()
views = torch.randint(0, 800, (len(user),)).float()
rate = (views * (0.5 + 0.1 * rating).clamp(0, 1)).round() / views
if args.fixed:
    rate = rate.nan_to_num(0.5)
model = ClickModel()
criterion = nn.BCEWithLogitsLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=0.03)
for step in range(args.steps):
    rows = torch.randint(len(user), (64,))
    loss = criterion(model(user[rows], item[rows], rate[rows]), clicks[rows])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)
