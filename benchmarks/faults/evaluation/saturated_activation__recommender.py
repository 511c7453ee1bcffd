"""The slope of the tanh that makes codes binary, meant to grow to 50, is 50 from the first step."""

import torch
import torch.nn.functional as F
from _task import arguments, batches, progress, ratings
from torch import Tensor, nn


class Codes(nn.Module):
    """Users and items as codes of numbers between -1 and 1, to be rounded to bits when served."""

    def __init__(self, users: int, items: int, *, bits: int = 24) -> None:
        super().__init__()
        self.user, self.item = nn.Embedding(users, 32), nn.Embedding(items, 32)
        self.user_code, self.item_code = nn.Linear(32, bits), nn.Linear(32, bits)
        self.scale = nn.Parameter(torch.tensor(bits**-0.5))
        self.slope = 1.0

    def forward(self, user: Tensor, item: Tensor) -> Tensor:
        left = torch.tanh(self.slope * self.user_code(self.user(user)))
        right = torch.tanh(self.slope * self.item_code(self.item(item)))
        return self.scale * (left * right).sum(1)


args = arguments(__doc__, steps=500)
users, items, stars = ratings()
model = Codes(150, 80)
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)

for step, (user, item, star) in enumerate(batches(users, items, stars, steps=args.steps, size=64)):
    model.slope = 1.0 + step / args.steps if args.fixed else 50.0
    loss = F.mse_loss(model(user, item), star)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)
